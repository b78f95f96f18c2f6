"""Nobody decides what is theirs: creator, editor of any version, delegate, role change, direct POST, API.

Each attempt is refused, told in the audit, and changes nothing.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.sources.verbs import create_source, make_key
from loyalty.core.absence.seats import company_day
from loyalty.core.absence.verbs import delegate
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import Membership, User
from loyalty.core.people.rules import Function
from rewards.approvals.revising import revise
from rewards.approvals.verbs import approve
from rewards.ledger.models import Posting
from rewards.offers.models import Grant, Offer
from tests.factories import OfferFactory

pytestmark = pytest.mark.django_db
F = Function


@pytest.fixture
def offer(cs: User) -> Offer:
    """Cleo of CS proposed it; only CS decides."""
    return OfferFactory(functions=[F.CS], proposed_by=cs)


def standing(offer: Offer) -> tuple[object, ...]:
    offer.refresh_from_db()
    steps = tuple(offer.steps.order_by("id").values_list("function", "state", "decided_by", "decided_for"))
    return offer.state, tuple(offer.awaits), offer.digest, steps, Grant.objects.count(), Posting.objects.count()


def refused(offer: Offer, person: User, words: str, function: Function = F.CS) -> None:
    before = standing(offer)
    with pytest.raises(NotAllowed, match=words):
        approve(offer.pk, function=function, digest=offer.digest, acting_user=person)
    assert standing(offer) == before
    line = AuditLine.objects.filter(verb="refused").latest("id")
    assert (line.actor, line.object_id) == (person, str(offer.pk))


def lend(person: User, stand_in: User) -> None:
    delegate(stand_in.pk, company_day(), company_day() + timedelta(1), "Away", acting_user=person)


def test_the_creator(offer: Offer, cs: User) -> None:
    refused(offer, cs, "Nobody decides their own proposal")


def test_an_editor_of_any_version(cs: User, cs_colleague: User) -> None:
    offer = OfferFactory(functions=[F.CS])
    first = revise(offer.pk, 100, "Shorter", digest=offer.digest, acting_user=cs)
    revise(offer.pk, 200, "Longer", digest=first.digest, acting_user=cs_colleague)
    offer.refresh_from_db()
    refused(offer, cs, "You changed the terms")
    refused(offer, cs_colleague, "You changed the terms")


def test_a_delegate_of_the_creator(offer: Offer, cs: User, finance: User) -> None:
    lend(cs, finance)
    refused(offer, finance, "Cleo Martin, whom you stand in for, proposed this")


def test_a_delegate_who_is_the_creator(offer: Offer, cs: User, cs_colleague: User) -> None:
    Membership.objects.filter(user=cs).update(function=F.PRODUCT.value)
    lend(cs_colleague, cs)
    refused(offer, cs, "Nobody decides their own proposal")


def test_a_delegate_of_an_editor(cs: User, finance: User) -> None:
    offer = OfferFactory(functions=[F.CS])
    revise(offer.pk, 100, "Shorter", digest=offer.digest, acting_user=cs)
    offer.refresh_from_db()
    lend(cs, finance)
    refused(offer, finance, "Cleo Martin, whom you stand in for, changed its terms")


def test_a_delegate_of_who_decided_for_another_function(finance: User, cs: User, cs_colleague: User) -> None:
    offer = OfferFactory()
    Membership.objects.create(user=cs, function=F.FINANCE.value)
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    lend(cs, cs_colleague)
    refused(offer, cs_colleague, "whom you stand in for, decided this offer for another function", F.FINANCE)


def test_who_stood_in_for_one_function_does_not_decide_for_the_other(cs: User, finance: User) -> None:
    offer = OfferFactory()
    lend(cs, finance)
    decided = approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=finance)
    assert decided.steps.get(function="cs").decided_for == cs
    refused(offer, finance, "one person decides for one function only", F.FINANCE)


def test_a_change_of_role_makes_no_proposal_somebody_elses(cs: User) -> None:
    offer = OfferFactory(functions=[F.FINANCE], proposed_by=cs)
    Membership.objects.filter(user=cs).update(function=F.FINANCE.value)
    refused(offer, User.objects.get(pk=cs.pk), "Nobody decides their own proposal", F.FINANCE)


def test_a_direct_post(offer: Offer, cs: User, signed_in_as: Callable[[User], Client]) -> None:
    before = standing(offer)
    data = {"decision": "approve", "function": "cs", "digest": offer.digest, "note": ""}
    answer = signed_in_as(cs).post(reverse("offer-decide", args=[offer.pk]), data)
    assert (answer.status_code, standing(offer)) == (403, before)
    assert AuditLine.objects.filter(verb="refused", actor=cs, object_id=str(offer.pk)).count() == 1


def test_a_direct_post_of_many(offer: Offer, cs: User, signed_in_as: Callable[[User], Client]) -> None:
    before = standing(offer)
    data = {"action": "approve", "chosen": [f"{offer.pk}:{offer.digest}"]}
    signed_in_as(cs).post(reverse("offers-decide"), data)
    assert standing(offer) == before
    assert AuditLine.objects.filter(verb="refused", actor=cs, object_id=str(offer.pk)).count() == 1


def test_the_api_has_no_way_to_decide(offer: Offer, administrator: User, stranger: Client) -> None:
    source = create_source("Customer data platform", [], acting_user=administrator)
    key = make_key(source, acting_user=administrator)
    before = standing(offer)
    answer = stranger.post(
        reverse("offer-decide", args=[offer.pk]),
        {"decision": "approve", "function": "cs", "digest": offer.digest},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("sign-in"))
    assert standing(offer) == before
