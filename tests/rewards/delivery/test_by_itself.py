"""What an offer becomes without a person: delivered once all were told and took it, redeemed once all was used."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.outward import Answer
from loyalty.core.people.models import User
from rewards.delivery.outgoing.models import EventDelivery, OutgoingEvent
from rewards.delivery.outgoing.rules import EventType
from rewards.delivery.outgoing.sending import send_due
from rewards.ledger.verbs import expire_lot, redeem
from rewards.offers import delivering
from rewards.offers.delivering import Watch
from rewards.offers.handing import deliver, redeem_used_up
from rewards.offers.models import Grant, Offer
from tests.factories import RewardFactory
from tests.factories.grants import granted
from tests.rewards.delivery.receivers import TAKEN, Outside, endpoint

pytestmark = pytest.mark.django_db
ISSUED, DELIVERED = EventType.GRANT_ISSUED, EventType.OFFER_DELIVERED
NOW = timezone.now()


def state_of(grant: Grant) -> str:
    return Offer.objects.get(grant=grant).state


def test_it_is_delivered_once_every_system_that_was_told_took_it(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED, DELIVERED)
    endpoint(administrator, "Warehouse", ISSUED)
    outside.answers["https://warehouse.example/"] = Answer(503, "", None)
    grant = granted(reward=RewardFactory(is_credit=False, kind="feature_pass", delivery="automatic"))
    assert (send_due(), state_of(grant)) == (1, "approved")
    outside.answers["https://warehouse.example/"] = TAKEN
    EventDelivery.objects.update(due_at=timezone.now())
    assert (send_due(), state_of(grant)) == (2, "delivered")
    line = AuditLine.objects.get(verb="offer_delivered")
    assert (line.actor, line.object_id) == (None, str(grant.offer_id))
    assert OutgoingEvent.objects.filter(type=DELIVERED.value).count() == 1
    assert [b"offer.delivered" in got.body for got in outside.at("https://product.example/")] == [False, True]


def test_what_a_person_hands_over_waits_for_the_person(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    grant = granted(reward=RewardFactory(is_credit=False, kind="optimisation_workshop", delivery="by_hand"))
    assert (send_due(), state_of(grant)) == (1, "approved")


def test_what_has_to_wait_for_a_form_is_not_delivered(
    administrator: User, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch("form", lambda offer, day: "A form is missing.", lambda offer, day: None)
    monkeypatch.setitem(delivering._watches, "form", watch)
    endpoint(administrator, "Product", ISSUED)
    grant = granted()
    assert (send_due(), state_of(grant)) == (1, "approved")


def use(grant: Grant, amount: str) -> None:
    asked = {"request": f"r{amount}", "invoice": "A-1", "booked_on": NOW.date(), "acting_user": None}
    redeem(grant.account_id, Decimal(amount), "USD", **asked)  # type: ignore[arg-type]


def test_a_credit_is_redeemed_once_the_last_of_it_was_used(cs: User) -> None:
    grant = granted("30.00", issued_on=NOW.date(), days=30)
    use(grant, "10.00")
    assert redeem_used_up(now=NOW) == 0
    deliver(grant.offer_id, acting_user=cs)
    assert (redeem_used_up(now=NOW), state_of(grant)) == (0, "delivered")
    use(grant, "20.00")
    assert [redeem_used_up(now=NOW) for _ in range(2)] == [1, 0]
    assert (state_of(grant), AuditLine.objects.get(verb="offer_redeemed").actor) == ("redeemed", None)


def test_a_credit_whose_rest_has_lapsed_is_not(cs: User) -> None:
    grant = granted("30.00", issued_on=NOW.date(), days=30)
    deliver(grant.offer_id, acting_user=cs)
    use(grant, "10.00")
    expire_lot(grant.lot.pk, booked_on=NOW.date() + timedelta(days=31), acting_user=None)
    assert (redeem_used_up(now=NOW), state_of(grant)) == (0, "delivered")
