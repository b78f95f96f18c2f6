"""A cap that is set afterwards stands where one that was set before does, wherever an offer went meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.lapsing import lapse_overdue
from rewards.approvals.undoing import undo
from rewards.approvals.verbs import approve, reject
from rewards.caps.models import CapEntry, CapPeriod
from rewards.caps.rules import CapMeasure, CapPeriodKind, CapScope
from rewards.caps.setting import NewCap, create_cap
from rewards.caps.verbs import reserve
from rewards.ledger.expiring import expire_credits
from rewards.ledger.models import Posting
from rewards.ledger.reconciliation import check
from rewards.ledger.rules import issue_key
from rewards.ledger.verbs import redeem, reverse, take_back
from rewards.offers.handing import accept, decline, deliver, lapse_unaccepted, redeem_used_up
from rewards.offers.models import Offer
from rewards.offers.rules import OPEN_STATES, OfferAction, OfferState
from rewards.offers.verbs import close_all, move
from tests.factories import CampaignFactory, CapFactory, OfferFactory, PersonFactory, RewardFactory
from tests.faults.clients import request_for

pytestmark = pytest.mark.django_db
Step = Callable[[Offer, User], object]


def approved(offer: Offer, person: User) -> object:
    return approve(offer.pk, function=Function.CS, digest=offer.digest, acting_user=person)


def rejected(offer: Offer, person: User) -> object:
    return reject(offer.pk, function=Function.CS, digest=offer.digest, note="no", acting_user=person)


def overdue(offer: Offer, person: User) -> object:
    Offer.objects.filter(pk=offer.pk).update(due_at=timezone.now() - timedelta(days=1))
    return lapse_overdue()


def withdrawn(offer: Offer, person: User) -> object:
    if offer.state in OPEN_STATES:
        return close_all([offer], OfferAction.WITHDRAW, now=timezone.now())
    take_back(offer.grant.pk, "Taken back", acting_user=None, booked_on=timezone.now().date())
    return move(offer, OfferAction.WITHDRAW, now=timezone.now())


def unanswered(offer: Offer, person: User) -> object:
    Offer.objects.filter(pk=offer.pk).update(open_until=timezone.now().date())
    return lapse_unaccepted(timezone.now().date() + timedelta(days=2))


def expired(offer: Offer, person: User) -> object:
    """Nobody answered it, and its grant, of one day, was over too."""
    unanswered(offer, person)
    return expire_credits(timezone.now().date() + timedelta(days=2))


def used(offer: Offer, person: User) -> object:
    of: dict[str, Any] = {"request": f"r{offer.pk}", "invoice": "in-1", "booked_on": timezone.now().date()}
    redeem(offer.account_id, offer.face_value, "USD", **of, acting_user=None)
    return redeem_used_up(now=timezone.now())


def undone(offer: Offer, person: User) -> object:
    return undo(offer.pk, acting_user=person)


def reversed_by_finance(offer: Offer, person: User) -> object:
    colleague, posting = PersonFactory(functions=[Function.FINANCE]), Posting.objects.get(key=issue_key(offer.grant.pk))
    return reverse(posting, "Wrong", acting_user=colleague, booked_on=timezone.now().date())


def delivered(offer: Offer, person: User) -> object:
    return deliver(offer.pk, acting_user=person)


def accepted(offer: Offer, person: User) -> object:
    return accept(offer.pk, acting_user=person)


def declined(offer: Offer, person: User) -> object:
    return decline(offer.pk, note="no", acting_user=person)


OF_BOTH: list[tuple[Step, ...]] = [
    (),
    (rejected,),
    (rejected, undone),
    (rejected, undone, approved),
    (overdue,),
    (withdrawn,),
    (approved,),
    (approved, delivered),
    (approved, delivered, accepted),
    (approved, delivered, declined),
    (approved, delivered, unanswered),
    (approved, delivered, expired),
]
ONLY_CREDITS: list[tuple[Step, ...]] = [
    (approved, delivered, used),
    (approved, delivered, accepted, used),
    (approved, withdrawn),
    (approved, delivered, withdrawn),
    (approved, reversed_by_finance),
    (approved, delivered, reversed_by_finance),
    (approved, delivered, reversed_by_finance, declined),
    (approved, delivered, accepted, reversed_by_finance),
]
ONLY_PASSES: list[tuple[Step, ...]] = [(approved, undone), (approved, undone, rejected)]


def standing(period: CapPeriod) -> tuple[Decimal, Decimal, dict[int, tuple[str, Decimal]]]:
    """What is reserved and spent, and the offers that hold it."""
    last = {e.offer_id: (e.kind, e.amount) for e in CapEntry.objects.filter(period=period).order_by("id")}
    return period.reserved, period.spent, {offer: held for offer, held in last.items() if held[0] != "release"}


def test_it_stands_where_one_set_before_does(finance: User, cs: User) -> None:
    limit = {"scope": "programme", "limit": Decimal(1_000_000)}
    for measure in CapMeasure:
        CapFactory(name=f"Before, {measure}", measure=measure.value, period="total", **limit)
    credit = RewardFactory(discount_equivalent=Decimal("200.00"))
    workshop = RewardFactory(
        kind="optimisation_workshop", is_credit=False, delivery="by_hand", discount_equivalent=Decimal("250.00")
    )
    seen = set()
    for reward, paths in ((credit, OF_BOTH + ONLY_CREDITS), (workshop, OF_BOTH + ONLY_PASSES)):
        campaign = CampaignFactory(reward=reward)
        for path in paths:
            days = 0 if expired in path else 365
            offer = OfferFactory(campaign=campaign, functions=[Function.CS], validity_days=days)
            assert reserve([replace(request_for(offer), day=offer.proposed_at.date())])[offer.pk].ok
            for step in path:
                step(Offer.objects.get(pk=offer.pk), cs)
            seen.add(OfferState(Offer.objects.get(pk=offer.pk).state))
    assert set(OfferState) - seen == {OfferState.PROPOSED, OfferState.HELD_OUT}

    for measure in CapMeasure:
        terms = NewCap("After", CapScope.PROGRAMME, "", CapPeriodKind.YEAR, Decimal(1_000_000), True, measure=measure)
        after = CapPeriod.objects.get(cap=create_cap(terms, acting_user=finance))
        before = CapPeriod.objects.get(cap__measure=measure.value, cap__period="total")
        assert standing(after) == standing(before)
        assert before.spent > 0 < before.reserved
    assert check().problems == []
