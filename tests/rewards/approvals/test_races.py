"""Many people decide one offer at once: one decision, one grant, everybody else is told by whom and when."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction

from loyalty.core.absence.seats import take_seat
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.errors import DomainError
from loyalty.core.people.managing import deactivate
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals import verbs
from rewards.approvals.locking import locked
from rewards.approvals.models import StepState
from rewards.approvals.verbs import Ask, approve, decide_all, reject
from rewards.ledger.models import Posting
from rewards.offers.models import Grant, Offer
from tests.concurrency import SECONDS, at_once, until_somebody_waits
from tests.factories import OfferFactory, PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)


def colleagues(count: int) -> list[User]:
    return PersonFactory.create_batch(count, functions=[Function.CS])


def told(results: list[object]) -> list[str]:
    return [str(r) for r in results if isinstance(r, DomainError)]


def test_twenty_browsers_approve_one_offer() -> None:
    offer = OfferFactory(functions=[Function.CS])
    results = at_once(
        partial(approve, offer.pk, function=Function.CS, digest=offer.digest, acting_user=person)
        for person in colleagues(20)
    )
    winner = Grant.objects.get().offer.steps.get().decided_by
    assert isinstance(winner, User)
    assert Counter(type(r) for r in results) == {Offer: 1, DomainError: 19}
    assert all(winner.display_name in words and "UTC" in words for words in told(results))
    assert Posting.objects.count() == 1
    assert AuditLine.objects.filter(verb=AuditVerb.OFFER_APPROVED.value).count() == 1


def test_twenty_approve_and_reject_one_offer_and_all_others_are_told_by_whom_and_when() -> None:
    offer = OfferFactory(functions=[Function.CS])
    people = colleagues(20)
    calls = [
        partial(approve, offer.pk, function=Function.CS, digest=offer.digest, acting_user=person)
        if place % 2
        else partial(reject, offer.pk, function=Function.CS, digest=offer.digest, note="no", acting_user=person)
        for place, person in enumerate(people)
    ]
    results = at_once(calls)
    offer.refresh_from_db()
    step = offer.steps.get()
    assert step.decided_by is not None
    assert step.decided_at is not None
    assert Counter(type(r) for r in results) == {Offer: 1, DomainError: 19}
    by_whom_and_when = (
        f"{step.decided_by.display_name} {step.state} this for Customer Success on"
        f" {step.decided_at:%-d %b %Y at %H:%M} UTC."
    )
    assert {words.removesuffix(" Your click changed nothing.") for words in told(results)} == {by_whom_and_when}
    assert (Grant.objects.count(), Posting.objects.count()) == ((1, 1) if offer.state == "approved" else (0, 0))
    decisions = AuditLine.objects.filter(verb__in=["offer_approved", "offer_rejected"])
    assert decisions.get().actor == step.decided_by


def test_many_offers_decided_by_two_people_at_once_in_opposite_orders() -> None:
    offers = OfferFactory.create_batch(12, functions=[Function.CS])
    asks = [Ask(offer.pk, offer.digest) for offer in offers]
    people = colleagues(2)
    results = at_once(
        partial(decide_all, order, StepState.APPROVED, "", acting_user=person)
        for order, person in zip((asks, asks[::-1]), people, strict=True)
    )
    outcomes = [outcome for result in results if isinstance(result, list) for outcome in result]
    assert (len(outcomes), sum(outcome.offer is not None for outcome in outcomes)) == (24, 12)
    assert all("approved this for Customer Success" in str(o.refusal) for o in outcomes if o.refusal)
    assert (Grant.objects.count(), Posting.objects.count()) == (12, 12)


def test_approve_and_reject_at_once() -> None:
    people = colleagues(2)
    outcomes = Counter()
    for _ in range(20):
        offer = OfferFactory(functions=[Function.CS])
        results = at_once(
            [
                partial(approve, offer.pk, function=Function.CS, digest=offer.digest, acting_user=people[0]),
                partial(reject, offer.pk, function=Function.CS, digest=offer.digest, note="no", acting_user=people[1]),
            ]
        )
        offer.refresh_from_db()
        grants, postings = (
            Grant.objects.filter(offer=offer).count(),
            Posting.objects.filter(lines__lot__grant__offer=offer),
        )
        assert Counter(type(r) for r in results) == {Offer: 1, DomainError: 1}
        assert len(told(results)) == 1
        expected = {"approved": (1, 1), "rejected": (0, 0)}[offer.state]
        assert (grants, postings.distinct().count()) == expected
        outcomes[offer.state] += 1
    assert sum(outcomes.values()) == 20


def test_whoever_leaves_while_they_decide_on_their_own_book(
    administrator: User, cs: User, product: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = OfferFactory(functions=[Function.CS], assigned_to=cs)
    kept = OfferFactory(functions=[Function.CS], assigned_to=cs)

    def leave() -> dict[str, int]:
        try:
            return deactivate(cs.pk, product.pk, "Left", acting_user=administrator)
        finally:
            connection.close()

    def take_seat_late(user: User, function: Function) -> User:
        until_somebody_waits()
        return take_seat(user, function)

    monkeypatch.setattr(verbs, "take_seat", take_seat_late)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locked([offer.pk])
            leaving = pool.submit(leave)
            approve(offer.pk, function=Function.CS, digest=offer.digest, acting_user=cs)
        assert leaving.result(SECONDS)["undecided offers"] == 1
    for one in (offer, kept, cs):
        one.refresh_from_db()
    assert (offer.state, offer.assigned_to, kept.assigned_to, cs.is_active) == ("approved", cs, product, False)
