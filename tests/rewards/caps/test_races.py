"""Caps under many clients at once: exact figures, on real connections (fault rows 11 and 12, short)."""

from collections import Counter
from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction

from loyalty.core.people.rules import Function
from rewards.caps.models import CapEntry, CapPeriod
from rewards.caps.rules import CapPeriodKind, CapScope
from rewards.caps.setting import NewCap, create_cap
from rewards.caps.verbs import release, reserve, spend
from rewards.offers.models import Offer
from tests.concurrency import at_once
from tests.factories import CapFactory, PersonFactory
from tests.faults.cap_load import SEVEN, Rush, nest, rush
from tests.faults.clients import offers, request_for, shared_out

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rush_of_grants_takes_exactly_what_the_cap_has() -> None:
    assert rush(Decimal(1_000), clients=32, count=500) == Rush(
        granted=142, refused_by_cap=358, other=0, reserved=Decimal(0), spent=Decimal("994.00")
    )


def test_a_rush_for_what_people_deliver_takes_exactly_its_occurrences() -> None:
    assert rush(Decimal(70), clients=32, count=200, measure="occurrences") == Rush(
        granted=70, refused_by_cap=130, other=0, reserved=Decimal(0), spent=Decimal(70)
    )


def test_overlapping_caps_end_together_at_the_tightest_to_the_cent() -> None:
    CapFactory(name="Function", scope="function", scope_key="cs", period="month", limit=Decimal("1000.01"))
    CapFactory(name="Kind", scope="reward_kind", scope_key="service_credit", period="quarter", limit=Decimal(1_700))
    CapFactory(name="Soft", scope="programme", period="total", limit=Decimal(10), is_hard=False)
    result = rush(Decimal(1_000), clients=32, count=300)
    assert (result.granted, result.granted + result.refused_by_cap + result.other) == (142, 300)
    taken = {period.cap.name: (period.reserved, period.spent) for period in CapPeriod.objects.select_related("cap")}
    assert taken == dict.fromkeys(("Programme", "Function", "Kind", "Soft"), (Decimal(0), Decimal("994.00")))


def test_nested_caps_are_never_passed_and_never_refuse_while_there_is_room() -> None:
    result = nest(clients=32, count=400)
    assert result.highest_over <= 0
    assert (result.counters_off, result.refused_with_room) == (0, 0)
    assert result.granted + result.refused == 400
    assert result.refused > 0


def test_an_offer_is_spent_or_released_but_never_both() -> None:
    cap = CapFactory(limit=Decimal(1_000), period="year")
    pile = offers(10, SEVEN)
    for offer in pile:
        reserve([request_for(offer)])
        at_once([partial(spend, offer.pk), partial(release, offer.pk), partial(spend, offer.pk)])
    ends = Counter(CapEntry.objects.exclude(kind="reserve").values_list("offer_id", flat=True))
    assert ends == Counter(offer.pk for offer in pile)
    period = CapPeriod.objects.get(cap=cap)
    assert period.reserved == Decimal(0)
    assert period.spent == SEVEN * CapEntry.objects.filter(kind="spend").count()


def test_a_new_cap_misses_nothing_that_happens_meanwhile() -> None:
    """Offers are granted and closed while Finance sets a cap: afterwards its counters are true."""
    finance = PersonFactory(functions=[Function.FINANCE])
    pile = offers(60, SEVEN)
    terms = NewCap("Late", CapScope.PROGRAMME, "", CapPeriodKind.YEAR, Decimal(10_000), True)

    def settle(offer: Offer | None) -> None:
        if offer is None:
            create_cap(terms, acting_user=finance)
            return
        with transaction.atomic():
            locked = Offer.objects.select_for_update(no_key=True).get(pk=offer.pk)
            locked.state = "rejected"
            locked.save(update_fields=["state"])
            release(locked.pk)

    work: list[Offer | None] = [*pile[:30], None, *pile[30:]]
    shared_out(settle, work, 8)
    period = CapPeriod.objects.get()
    assert (period.reserved, period.spent) == (Decimal(0), Decimal(0))
