"""Grants that stand on no books, such as a badge: held for a minute, and gone without a trace when taken back."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.outward import Answer
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.models import StepState
from rewards.approvals.undoing import undo, undoable_together
from rewards.approvals.verbs import Ask, Outcome, approve, decide_all
from rewards.caps.models import CapEntry
from rewards.delivery.api.queries import rewards_of
from rewards.delivery.outgoing.models import EventDelivery, OutgoingEvent
from rewards.delivery.outgoing.rules import EventType
from rewards.delivery.outgoing.sending import claim, send_due
from rewards.delivery.tasks.models import DeliveryTask
from rewards.ledger.reconciliation import check
from rewards.offers.granting import grant_under_standing_approval
from rewards.offers.handing import deliver
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import UNDO_WINDOW
from tests.concurrency import at_once
from tests.factories import CampaignFactory, OfferFactory, RewardFactory
from tests.rewards.approvals.test_revising import states
from tests.rewards.approvals.test_undoing import HTMX, capped, fields_in, used
from tests.rewards.delivery.receivers import Outside, endpoint, outside

__all__ = ["outside"]
pytestmark = pytest.mark.django_db
F = Function
ISSUED, DELIVERED = EventType.GRANT_ISSUED, EventType.OFFER_DELIVERED
SignIn = Callable[[User], Client]


def badge(*, delivery: str = "automatic", supply: int | None = None, **offer: object) -> Offer:
    """A badge that CS alone decides; of the caps it takes $200.00."""
    reward = RewardFactory(
        name="Badge",
        kind="badge",
        is_credit=False,
        delivery=delivery,
        face_value=Decimal(0),
        discount_equivalent=Decimal("200.00"),
        supply_limit=supply,
    )
    return OfferFactory(campaign=CampaignFactory(reward=reward), functions=[F.CS], **offer)


def give(offer: Offer, user: User) -> Grant:
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=user)
    return Grant.objects.get(offer=offer)


def a_minute_after(grant: Grant) -> datetime:
    return grant.granted_at + UNDO_WINDOW + timedelta(seconds=1)


def test_it_is_taken_back_before_anybody_outside_hears_of_it(
    administrator: User, cs: User, cs_colleague: User, outside: Outside
) -> None:
    endpoint(administrator, "Product", ISSUED, DELIVERED)
    offer = badge(supply=1)
    period = capped(offer)
    first = give(offer, cs)
    assert (send_due(), used(period)) == (0, (0, 200))
    assert rewards_of(offer.account, timezone.now())["grants"] == []
    with pytest.raises(NotAllowed, match="Only who decided last"):
        undo(offer.pk, acting_user=cs_colleague)

    undone = undo(offer.pk, acting_user=cs)
    undone.refresh_from_db()
    assert (undone.state, undone.awaits, undone.closed_at) == ("in_approval", ["cs"], None)
    assert states(offer) == [("cs", "waiting", None, "")]
    assert (Grant.objects.count(), OutgoingEvent.objects.count(), EventDelivery.objects.count()) == (0, 0, 0)
    assert used(period) == (200, 0)
    line = AuditLine.objects.get(verb="offer_undone")
    assert (line.actor, line.before, line.after) == (
        cs,
        {"step": "Customer Success approved", "granted": True},
        {"step": "Customer Success waiting", "granted": False},
    )

    again = give(undone, cs)
    assert (again.pk > first.pk, used(period), outside.got) == (True, (0, 200), [])
    with travel(a_minute_after(again), tick=False):
        assert [given["id"] for given in rewards_of(offer.account, timezone.now())["grants"]] == [again.pk]
        with pytest.raises(DomainError, match="is approved. Nothing was changed"):
            undo(offer.pk, acting_user=cs)
        assert send_due() == 2
    told = [json.loads(got.body) for got in outside.got]
    assert [(event["type"], event["data"]["grant"]) for event in told] == [
        (ISSUED, again.pk),
        (DELIVERED, again.pk),
    ]
    with pytest.raises(DomainError, match="is delivered"):
        undo(offer.pk, acting_user=cs)
    assert check().problems == []


def test_what_was_told_stays_given(administrator: User, cs: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    outside.answers["https://product.example/"] = Answer(503, "", None)
    offer = badge()
    period = capped(offer)
    give(offer, cs)
    EventDelivery.objects.update(due_at=timezone.now())
    assert (send_due(), len(outside.got)) == (0, 1)
    before = (states(offer), used(period), CapEntry.objects.count(), AuditLine.objects.count())
    with pytest.raises(DomainError, match="Other systems were told of the grant meanwhile"):
        undo(offer.pk, acting_user=cs)
    assert (states(offer), used(period), CapEntry.objects.count(), AuditLine.objects.count()) == before
    assert (Grant.objects.get().offer.state, EventDelivery.objects.count()) == ("approved", 1)


@pytest.mark.django_db(transaction=True)
def test_of_taking_back_and_telling_at_once_one_comes_true(administrator: User, cs: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    for _ in range(5):
        offer = badge()
        give(offer, cs)
        EventDelivery.objects.update(due_at=timezone.now())
        back, claimed = at_once([lambda offer=offer: undo(offer.pk, acting_user=cs), claim])  # type: ignore[misc]
        if claimed is None:
            assert (isinstance(back, Offer), Grant.objects.filter(offer=offer).exists()) == (True, False)
        else:
            assert str(back) == "Other systems were told of the grant meanwhile. Nothing was changed."
            assert Grant.objects.filter(offer=offer).exists()
            EventDelivery.objects.update(state="sent")


def test_a_task_goes_with_its_grant(cs: User) -> None:
    offer = badge(delivery="by_hand")
    give(offer, cs)
    assert DeliveryTask.objects.get().offer == offer
    undo(offer.pk, acting_user=cs)
    assert DeliveryTask.objects.count() == 0
    give(Offer.objects.get(pk=offer.pk), cs)
    assert DeliveryTask.objects.get().offer == offer


def test_what_a_person_hands_over_meanwhile_is_told_at_once_and_in_order(
    administrator: User, cs: User, outside: Outside
) -> None:
    endpoint(administrator, "Product", ISSUED, DELIVERED)
    offer = badge(delivery="by_hand")
    give(offer, cs)
    deliver(offer.pk, acting_user=cs)
    assert send_due() == 2
    assert [json.loads(got.body)["type"] for got in outside.got] == [ISSUED, DELIVERED]
    with pytest.raises(DomainError, match="is delivered"):
        undo(offer.pk, acting_user=cs)


def test_what_no_person_approved_is_not_held(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    offer = badge(has_standing_approval=True)
    assert grant_under_standing_approval([offer.pk], now=timezone.now()) == 1
    assert Grant.objects.get().held_until is None
    assert [given["id"] for given in rewards_of(offer.account, timezone.now())["grants"]] == [Grant.objects.get().pk]
    assert (send_due(), len(outside.got)) == (1, 1)


def together(outcomes: list[Outcome]) -> list[int]:
    found = undoable_together(outcomes)
    return found.offer_ids if found else []


def test_of_those_approved_together_the_ones_without_money_go_back(cs: User, signed_in_as: SignIn) -> None:
    badges, credit = [badge(), badge()], OfferFactory(functions=[F.CS])
    asks = [Ask(offer.pk, offer.digest) for offer in (*badges, credit)]
    assert together(decide_all(asks[:1] + asks[2:], StepState.APPROVED, "", acting_user=cs)) == [badges[0].pk]
    undo(badges[0].pk, acting_user=cs)

    client = signed_in_as(cs)
    data = {"action": "approve", "back": "?view=mine", "chosen": [f"{o.pk}:{o.digest}" for o in badges]}
    address = client.post(reverse("offers-decide"), data)["Location"]
    page = client.get(address).content.decode()
    assert "2 offers approved: 2 granted." in page
    assert "Undo 2 approvals" in page
    answer = client.post(reverse("offers-undo"), fields_in(page), headers=HTMX).content.decode()
    assert "2 offers taken back: they wait for you again." in answer
    assert list(Grant.objects.values_list("offer", flat=True)) == [credit.pk]
    assert "Undo 2" not in client.get(address).content.decode()


def test_the_page_says_so_and_for_how_long(cs: User, signed_in_as: SignIn) -> None:
    client, offer = signed_in_as(cs), badge()
    address = reverse("offer", args=[offer.pk])
    assert "Nobody outside is told for a minute" in client.get(address).content.decode()
    grant = give(offer, cs)
    page = client.get(address).content.decode()
    assert "Take my approval back" in page
    assert f"{grant.held_until:%H:%M}" in page
    with travel(a_minute_after(grant), tick=False):
        assert "Take my approval back" not in client.get(address).content.decode()
