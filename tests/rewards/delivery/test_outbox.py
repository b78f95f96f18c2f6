"""What stands in the outbox: each effect once, in its own transaction, for those who want to be told."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from time_machine import travel

from accounts.tiers.models import Tier, TierMove
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.delivery.outgoing.models import EventDelivery, OutgoingEvent
from rewards.delivery.outgoing.passes import tell_expired
from rewards.delivery.outgoing.rules import EventType
from rewards.ledger.expiring import expire_credits
from rewards.ledger.verbs import redeem
from rewards.offers.handing import deliver, lapse_unaccepted
from rewards.tax.rules import Recipient
from rewards.tax.verbs import Known, set_profile
from tests.factories import AccountFactory, ContactFactory, OfferFactory, RewardFactory
from tests.factories.grants import granted
from tests.rewards.delivery.receivers import Outside, endpoint

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("outside")]


def told() -> list[dict[str, Any]]:
    return [json.loads(body) for body in OutgoingEvent.objects.order_by("id").values_list("body", flat=True)]


def types() -> list[str]:
    return [event["type"] for event in told()]


def test_nobody_wants_it_and_nothing_is_kept(outside: Outside) -> None:
    granted()
    assert OutgoingEvent.objects.count() == 0


def test_a_grant_its_use_and_its_end(administrator: User) -> None:
    endpoint(administrator)
    grant = granted("100.00", days=30)
    account = grant.account
    used = redeem(
        account.pk,
        Decimal(40),
        "USD",
        request="r1",
        invoice="INV-1",
        booked_on=date(2026, 3, 3),
        acting_user=None,
    )
    expire_credits(date(2026, 4, 30))
    issued, redeemed, expired = told()
    assert issued["data"] == {
        "account": account.external_id,
        "grant": grant.pk,
        "offer": grant.offer_id,
        "reward": {"key": grant.offer.reward.key, "name": grant.offer.reward_name, "kind": "service_credit"},
        "value": {"amount": "100.00", "currency": "USD"},
        "expires_on": grant.expires_on.isoformat(),
    }
    assert (redeemed["type"], redeemed["data"]["value"]["amount"], redeemed["data"]["left"]["amount"]) == (
        "grant.redeemed",
        "40.00",
        "60.00",
    )
    assert redeemed["data"]["cause"] == used.cause
    assert (expired["type"], expired["data"]["value"]["amount"], expired["data"]["left"]["amount"]) == (
        "grant.expired",
        "60.00",
        "0.00",
    )


def test_a_redemption_from_two_grants_tells_of_both_and_its_repetition_of_none(administrator: User) -> None:
    account = AccountFactory()
    first, second = granted("10.00", account=account, days=10), granted("10.00", account=account, days=20)
    endpoint(administrator, "Product", EventType.GRANT_REDEEMED)
    for _ in range(2):
        redeem(
            account.pk,
            Decimal(15),
            "USD",
            request="r1",
            invoice="INV-1",
            booked_on=date(2026, 3, 3),
            acting_user=None,
        )
    assert [(event["data"]["grant"], event["data"]["value"]["amount"]) for event in told()] == [
        (first.pk, "10.00"),
        (second.pk, "5.00"),
    ]


def test_a_delivered_offer(administrator: User, cs: User) -> None:
    endpoint(administrator, "Product", EventType.OFFER_DELIVERED)
    grant = granted()
    deliver(grant.offer_id, acting_user=cs)
    (event,) = told()
    assert event["data"]["offer"] == grant.offer_id
    assert event["data"]["open_until"] == grant.expires_on.isoformat()


def test_a_delivered_offer_that_is_to_be_answered_soon_tells_the_day_on_which_it_lapses(
    administrator: User, cs: User
) -> None:
    endpoint(administrator, "Product", EventType.OFFER_DELIVERED)
    grant = granted(answer_days=4)
    # The UTC day is what is kept, wherever the account is.
    with travel(datetime(2026, 11, 1, 23, tzinfo=UTC), tick=False):
        offer = deliver(grant.offer_id, acting_user=cs)
    (event,) = told()
    assert (event["data"]["open_until"], offer.open_until) == ("2026-11-05", date(2026, 11, 5))
    assert [lapse_unaccepted(date(2026, 11, 5)), lapse_unaccepted(date(2026, 11, 6))] == [0, 1]


def test_what_is_taken_back_is_not_told(administrator: User) -> None:
    endpoint(administrator)
    with transaction.atomic():
        granted()
        assert OutgoingEvent.objects.count() == 1
        transaction.set_rollback(True)
    assert OutgoingEvent.objects.count() == 0


def test_each_endpoint_is_told_of_its_types_once(administrator: User) -> None:
    product, _ = endpoint(administrator, "Product", EventType.GRANT_ISSUED)
    crm, _ = endpoint(administrator, "CRM", EventType.GRANT_ISSUED, EventType.TIER_CHANGED)
    endpoint(administrator, "Warehouse", EventType.TIER_CHANGED)
    granted()
    assert set(EventDelivery.objects.values_list("endpoint__name", flat=True)) == {product.name, crm.name}
    assert EventDelivery.objects.count() == 2


def test_a_key_stands_once_whoever_writes_it_again(administrator: User) -> None:
    endpoint(administrator, "Product", EventType.GRANT_ISSUED)
    grant = granted()
    again = [{"key": f"grant.issued:grant:{grant.pk}", "account": grant.account_id, "at": "2026-01-01", "data": {}}]
    with connection.cursor() as cursor:
        cursor.execute("SELECT outbox_put('grant.issued', %s::jsonb)", [json.dumps(again)])
    assert EventDelivery.objects.count() == 1
    assert told()[0]["data"]["grant"] == grant.pk


def test_passes_end_once_and_credits_by_their_books(administrator: User) -> None:
    endpoint(administrator, "Product", EventType.GRANT_EXPIRED)
    a_pass = RewardFactory(kind="feature_pass", is_credit=False, face_value=Decimal(0))
    ended = granted("0.00", reward=a_pass, days=7)
    granted("0.00", reward=a_pass, days=8)
    granted("50.00", days=7)
    last_day = ended.expires_on
    assert tell_expired(last_day) == 0
    assert [tell_expired(last_day + timedelta(days=1)) for _ in range(2)] == [1, 0]
    assert [event["data"]["grant"] for event in told()] == [ended.pk]


def move(tier: Tier | None, was: Tier | None, *, days_ago: int = 0, cause: str = "facts", **of: Any) -> TierMove:
    day = timezone.now().date() - timedelta(days=days_ago)
    return TierMove.objects.create(
        tier=tier, from_tier=was, is_up=True, day=day, version=1, cause=cause, fires=False, **of
    )


def test_tiers_of_now_are_told_and_history_is_not(administrator: User) -> None:
    endpoint(administrator, "Product", EventType.TIER_CHANGED)
    silver, gold = (Tier.objects.create(key=key, name=key.title()) for key in ("silver", "gold"))
    account = AccountFactory()
    move(silver, None, days_ago=60, account=account)
    move(silver, None, cause="start", account=AccountFactory())
    risen = move(gold, silver, account=account)
    assert [(e["data"]["account"], e["data"]["from_tier"], e["data"]["tier"]) for e in told()] == [
        (account.external_id, "silver", "gold")
    ]
    TierMove.objects.filter(pk=risen.pk).update(withdrawn_at=timezone.now())
    assert [(e["data"]["from_tier"], e["data"]["tier"]) for e in told()] == [("silver", "gold"), ("gold", "silver")]


def test_no_person_is_named(administrator: User, cs: User) -> None:
    endpoint(administrator)
    grant = granted()
    deliver(grant.offer_id, acting_user=cs)
    offer = OfferFactory(account=grant.account)
    assert offer.contact is None
    assert not any("contact" in event["data"] for event in told())
    assert types() == ["grant.issued", "offer.delivered"]


def test_a_grant_that_waits_for_a_tax_form_is_told_when_it_reaches_its_contact(
    administrator: User, cs: User, finance: User
) -> None:
    endpoint(administrator)
    ada = ContactFactory(account=AccountFactory(country="US"), consents=True)
    card = RewardFactory(kind="badge", is_credit=False, taxable=True, face_value=Decimal(2_000))
    waiting = granted("2000.00", account=ada.account, reward=card, contact=ada)
    with pytest.raises(DomainError, match="until their tax form"):
        deliver(waiting.offer_id, acting_user=cs)
    assert types() == []
    set_profile(ada.pk, Known(Recipient.INDIVIDUAL, "", date(2026, 1, 4), True), acting_user=finance)
    deliver(waiting.offer_id, acting_user=cs)
    assert types() == ["grant.issued", "offer.delivered"]
    assert told()[0]["data"]["value"] == {"amount": "2000.00", "currency": "USD"}
