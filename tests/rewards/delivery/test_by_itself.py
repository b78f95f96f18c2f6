"""What an offer becomes without a person: delivered once all were told and took it, redeemed once all was used."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.notices.models import Notice
from loyalty.core.outward import Answer
from loyalty.core.people.models import User
from rewards.delivery.outgoing.endpoints import send_again
from rewards.delivery.outgoing.models import EventDelivery, OutgoingEvent
from rewards.delivery.outgoing.reaching import look_again
from rewards.delivery.outgoing.rules import WAITS, EventType
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
WAREHOUSE = "https://warehouse.example/"
NOW = timezone.now()


def state_of(grant: Grant) -> str:
    return Offer.objects.get(grant=grant).state


def test_it_is_delivered_once_every_system_that_was_told_took_it(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED, DELIVERED)
    endpoint(administrator, "Warehouse", ISSUED)
    outside.answers[WAREHOUSE] = Answer(503, "", None)
    grant = granted(reward=RewardFactory(is_credit=False, kind="feature_pass", delivery="automatic"))
    assert (send_due(), state_of(grant)) == (1, "approved")
    outside.answers[WAREHOUSE] = TAKEN
    EventDelivery.objects.update(due_at=timezone.now())
    assert (send_due(), state_of(grant)) == (2, "delivered")
    line = AuditLine.objects.get(verb="offer_delivered")
    assert (line.actor, line.object_id) == (None, str(grant.offer_id))
    assert OutgoingEvent.objects.filter(type=DELIVERED.value).count() == 1
    assert [b"offer.delivered" in got.body for got in outside.at("https://product.example/")] == [False, True]


def a_pass() -> Grant:
    return granted(reward=RewardFactory(is_credit=False, kind="feature_pass", delivery="automatic"))


@pytest.mark.parametrize("late", ["Product", "Warehouse"])
def test_who_wants_nothing_any_more_keeps_nothing_waiting(administrator: User, outside: Outside, late: str) -> None:
    endpoint(administrator, "Product", ISSUED)
    endpoint(administrator, "Warehouse", ISSUED)
    outside.answers[WAREHOUSE] = Answer(410, "", None)
    grant = a_pass()
    EventDelivery.objects.filter(endpoint__name=late).update(due_at=timezone.now() + timedelta(days=1))
    send_due()
    assert state_of(grant) == "approved"
    EventDelivery.objects.update(due_at=timezone.now())
    send_due()
    assert (state_of(grant), len(outside.got)) == ("delivered", 2)


def test_what_had_failed_keeps_nothing_waiting_once_its_endpoint_is_gone(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    endpoint(administrator, "Warehouse", ISSUED)
    grants = [a_pass(), a_pass()]
    outside.answers[WAREHOUSE] = Answer(500, "", None)
    send_due()
    refused = EventDelivery.objects.filter(endpoint__name="Warehouse").order_by("id")
    refused.filter(pk=refused[0].pk).update(state="failed")
    assert [state_of(grant) for grant in grants] == ["approved", "approved"]
    outside.answers[WAREHOUSE] = Answer(410, "", None)
    refused.filter(state="waiting").update(due_at=timezone.now())
    send_due()
    assert [state_of(grant) for grant in grants] == ["delivered", "delivered"]
    assert (look_again(now=NOW), AuditLine.objects.filter(verb="offer_delivered").count()) == (0, 2)


def test_what_nobody_took_has_reached_nobody(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Warehouse", ISSUED)
    outside.answers[WAREHOUSE] = Answer(410, "", None)
    grant = a_pass()
    assert (send_due(), look_again(now=NOW), state_of(grant)) == (0, 0, "approved")


def test_what_was_given_up_is_told_once_a_day_and_reaches_the_customer_when_it_is_sent_again(
    administrator: User, outside: Outside
) -> None:
    endpoint(administrator, "Product", ISSUED)
    warehouse, _ = endpoint(administrator, "Warehouse", ISSUED)
    outside.answers[WAREHOUSE] = Answer(500, "", None)
    grants = [a_pass(), a_pass()]
    refused = EventDelivery.objects.filter(endpoint=warehouse)
    refused.update(tries=len(WAITS))
    with travel(NOW, tick=False):
        refused.update(due_at=NOW)
        send_due()
    assert [state_of(grant) for grant in grants] == ["approved", "approved"]
    notice = Notice.objects.get()
    assert (notice.person, notice.url) == (administrator, f"/settings/webhooks/{warehouse.pk}/?state=failed")
    assert notice.words.startswith("Warehouse did not take a webhook in 10 tries")
    outside.answers.clear()
    for delivery in refused:
        send_again(delivery.pk, acting_user=administrator)
    send_due()
    assert [state_of(grant) for grant in grants] == ["delivered", "delivered"]


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
