"""Reserving, spending and freeing cap room, one offer or many, one cap or several."""

from datetime import date
from decimal import Decimal

import pytest

from loyalty.core.errors import DomainError
from rewards.caps.models import Cap, CapEntry, CapPeriod
from rewards.caps.rules import CapPeriodKind, ReserveRequest, period_of
from rewards.caps.verbs import refund, release, reserve, spend
from rewards.offers.models import Offer
from tests.factories import CapFactory, OfferFactory

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 22)


def asked(offer: Offer, amount: str = "300.00", day: date = DAY) -> ReserveRequest:
    return ReserveRequest(
        offer_id=offer.pk,
        account_id=offer.account_id,
        campaign_id=offer.campaign_id,
        function=offer.campaign.owner_function,
        reward_kind=offer.reward.kind,
        amount=Decimal(amount),
        day=day,
    )


def counters(cap: Cap) -> tuple[Decimal, Decimal]:
    period = CapPeriod.objects.get(cap=cap)
    return period.reserved, period.spent


def cap(limit: str = "1000.00", **fields: object) -> Cap:
    return CapFactory(limit=Decimal(limit), **({"scope": "programme", "scope_key": "", "period": "month"} | fields))


def test_without_a_cap_everything_has_room() -> None:
    offer = OfferFactory()
    result = reserve([asked(offer)])
    assert (result[offer.pk].ok, result[offer.pk].reason, result[offer.pk].exceeded) == (True, "", "")
    assert CapPeriod.objects.count() == 0
    assert reserve([]) == {}


def test_room_is_reserved_then_spent_then_refunded_each_once() -> None:
    limit, offer = cap(), OfferFactory()
    assert reserve([asked(offer)])[offer.pk].ok
    assert counters(limit) == (Decimal("300.00"), Decimal(0))
    assert reserve([asked(offer)])[offer.pk].ok
    assert counters(limit) == (Decimal("300.00"), Decimal(0))
    assert [spend(offer.pk), spend(offer.pk), release(offer.pk)] == [1, 0, 0]
    assert counters(limit) == (Decimal(0), Decimal("300.00"))
    assert [refund(offer.pk), refund(offer.pk)] == [1, 0]
    assert counters(limit) == (Decimal(0), Decimal(0))
    assert list(CapEntry.objects.values_list("kind", flat=True)) == ["reserve", "spend", "release"]


def test_released_room_is_free_again_and_cannot_be_spent() -> None:
    limit, offer = cap("300.00"), OfferFactory()
    reserve([asked(offer)])
    assert [release(offer.pk), release(offer.pk), refund(offer.pk)] == [1, 0, 0]
    assert counters(limit) == (Decimal(0), Decimal(0))
    with pytest.raises(DomainError, match="released already"):
        spend(offer.pk)
    assert counters(limit) == (Decimal(0), Decimal(0))
    other = OfferFactory()
    assert reserve([asked(other)])[other.pk].ok


def test_a_refusal_names_the_cap_its_limit_and_its_room() -> None:
    cap("500.00", name="Programme")
    first, second = OfferFactory(), OfferFactory()
    results = reserve([asked(first), asked(second)])
    assert results[first.pk].ok
    assert not results[second.pk].ok
    assert results[second.pk].reason == (
        "The cap “Programme” has $200.00 left of $500.00 until 1 Dec 2026; this needs $300.00."
    )
    assert CapEntry.objects.get().offer == first


def test_all_caps_must_have_room_or_none_is_touched() -> None:
    offer = OfferFactory()
    wide = cap("1000.00", name="Programme")
    kind = cap("1000.00", name="Credits", scope="reward_kind", scope_key=offer.reward.kind)
    narrow = cap("299.99", name="This account", scope="account", scope_key=str(offer.account_id), period="year")
    result = reserve([asked(offer)])[offer.pk]
    assert result.reason.startswith("The cap “This account” has $299.99 left of $299.99 until 1 Jan 2027;")
    assert [counters(c) for c in (wide, kind, narrow)] == [(Decimal(0), Decimal(0))] * 3
    assert CapEntry.objects.count() == 0


def test_a_refused_offer_leaves_room_for_the_next_in_the_same_batch() -> None:
    big, small = OfferFactory(), OfferFactory()
    limit = cap("300.00")
    cap("100.00", name="One account", scope="account", scope_key=str(big.account_id))
    results = reserve([asked(big), asked(small)])
    assert [results[big.pk].ok, results[small.pk].ok] == [False, True]
    assert counters(limit) == (Decimal("300.00"), Decimal(0))


def test_caps_of_other_scopes_other_keys_or_switched_off_do_not_bind() -> None:
    offer = OfferFactory()
    for fields in (
        {"scope": "account", "scope_key": str(offer.account_id + 1)},
        {"scope": "campaign", "scope_key": str(offer.campaign_id + 1)},
        {"scope": "function", "scope_key": "product"},
        {"scope": "reward_kind", "scope_key": "feature_pass"},
        {"is_active": False},
    ):
        cap("0.00", **fields)
    assert reserve([asked(offer)])[offer.pk].ok
    assert CapEntry.objects.count() == 0


def test_a_soft_cap_admits_and_says_that_it_is_exceeded() -> None:
    limit = cap("200.00", name="Guide", is_hard=False)
    offer = OfferFactory()
    result = reserve([asked(offer)])[offer.pk]
    assert (result.ok, result.exceeded) == (True, "Guide")
    assert counters(limit) == (Decimal("300.00"), Decimal(0))


def test_each_period_has_room_of_its_own() -> None:
    limit = cap("300.00")
    offers = [OfferFactory() for _ in range(3)]
    days = [date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 31)]
    results = reserve([asked(o, day=day) for o, day in zip(offers, days, strict=True)])
    assert [results[o.pk].ok for o in offers] == [True, True, False]
    assert list(CapPeriod.objects.filter(cap=limit).order_by("starts_on").values_list("starts_on", "ends_on")) == [
        (date(2026, 11, 1), date(2026, 12, 1)),
        (date(2026, 12, 1), date(2027, 1, 1)),
    ]


@pytest.mark.parametrize("kind", list(CapPeriodKind))
@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 6, 30), date(2026, 12, 31)])
def test_the_database_knows_the_same_periods(kind: CapPeriodKind, day: date) -> None:
    offer = OfferFactory()
    cap(period=kind.value, scope="account", scope_key=str(offer.account_id))
    reserve([asked(offer, day=day)])
    period = CapPeriod.objects.get()
    assert (period.starts_on, period.ends_on) == (period_of(kind, day).starts_on, period_of(kind, day).ends_on)
