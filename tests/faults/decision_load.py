"""People who decide one offer at the same moment, on real connections."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.models import ApprovalStep
from rewards.approvals.verbs import approve, reject
from rewards.ledger.models import Posting
from rewards.offers.models import Grant, Offer
from tests.concurrency import at_once
from tests.factories import OfferFactory, PersonFactory


@dataclass
class Decided:
    """What came of it; `told` counts those who were told who had decided, and when."""

    decisions: int = 0
    approved: int = 0
    told: int = 0
    grants: int = 0
    postings: int = 0


def approve_at_once(people: int) -> Decided:
    """One offer, many approvals in the same moment."""
    offer = OfferFactory(functions=[Function.CS])
    colleagues = PersonFactory.create_batch(people, functions=[Function.CS])
    return _count([offer], at_once(_call(approve, offer, person) for person in colleagues))


def approve_and_reject(rounds: int) -> Decided:
    """Many offers, each approved and rejected in the same moment."""
    one, other = PersonFactory.create_batch(2, functions=[Function.CS])
    offers = OfferFactory.create_batch(rounds, functions=[Function.CS])
    results: list[object] = []
    for offer in offers:
        results += at_once([_call(approve, offer, one), _call(partial(reject, note="no"), offer, other)])
    return _count(offers, results)


def _call(verb: Callable[..., Offer], offer: Offer, person: User) -> Callable[[], object]:
    return partial(verb, offer.pk, function=Function.CS, digest=offer.digest, acting_user=person)


def _count(offers: list[Offer], results: list[object]) -> Decided:
    ids = [offer.pk for offer in offers]
    refusals = [str(result) for result in results if isinstance(result, DomainError)]
    return Decided(
        decisions=ApprovalStep.objects.filter(offer_id__in=ids, decided_by__isnull=False).count(),
        approved=Offer.objects.filter(pk__in=ids, state="approved").count(),
        told=sum("this for Customer Success on" in words and "UTC" in words for words in refusals),
        grants=Grant.objects.filter(offer_id__in=ids).count(),
        postings=Posting.objects.filter(lines__lot__grant__offer_id__in=ids).distinct().count(),
    )
