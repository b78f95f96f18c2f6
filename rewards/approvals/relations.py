"""What somebody is to an offer, as stored."""

from collections.abc import Collection, Sequence

from loyalty.core.people.models import User
from rewards.approvals.models import ApprovalStep
from rewards.approvals.rules import Relation
from rewards.offers.models import Offer


def relation_of(offer: Offer, steps: Sequence[ApprovalStep], revisers: Collection[int], person: User) -> Relation:
    """What the person is to the offer."""
    return Relation(
        proposed=offer.proposed_by_id == person.pk,
        revised=person.pk in revisers,
        decided=any(person.pk in (s.decided_by_id, s.decided_for_id) for s in steps),
    )
