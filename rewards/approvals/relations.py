"""What somebody is to an offer, as stored."""

from collections.abc import Collection, Sequence

from loyalty.core.people.models import User
from rewards.approvals.models import ApprovalStep, OfferRevision
from rewards.approvals.rules import Relation
from rewards.offers.models import Offer


def relation_of(offer: Offer, steps: Sequence[ApprovalStep], revisers: Collection[int], person: User) -> Relation:
    """What the person is to the offer."""
    return Relation(
        proposed=offer.proposed_by_id == person.pk,
        revised=person.pk in revisers,
        decided=any(person.pk in (s.decided_by_id, s.decided_for_id) for s in steps),
    )


def steps_of(offers: Sequence[Offer]) -> dict[int, list[ApprovalStep]]:
    """The steps of each offer by its id, in order, with who decided."""
    steps: dict[int, list[ApprovalStep]] = {offer.pk: [] for offer in offers}
    rows = ApprovalStep.objects.filter(offer_id__in=steps).select_related("decided_by", "decided_for")
    for step in rows.order_by("position", "id"):
        steps[step.offer_id].append(step)
    return steps


def revisers_of(offers: Sequence[Offer]) -> dict[int, set[int]]:
    """Who changed the terms of each offer, by its id; those that nobody changed are left out."""
    revisers: dict[int, set[int]] = {}
    written = OfferRevision.objects.filter(offer_id__in=[offer.pk for offer in offers])
    for offer_id, person in written.values_list("offer_id", "written_by_id"):
        revisers.setdefault(offer_id, set()).add(person)
    return revisers
