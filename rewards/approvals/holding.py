"""What offers hold on a contact, for export and erasure."""

from collections.abc import Sequence
from typing import Any

from accounts.conditions.queries import vocabulary
from accounts.contacts.holdings import Holding
from accounts.contacts.rules import Names
from rewards.approvals.models import ApprovalStep
from rewards.offers.evidence import rendered
from rewards.offers.models import Offer

BATCH = 500


def rows_of(contact_id: int) -> list[dict[str, Any]]:
    """The offers addressed to the contact; money in the offer's currency."""
    words = vocabulary()
    return [
        {
            "reward": offer.reward_name,
            "value": offer.face_value,
            "currency": offer.currency,
            "state": offer.state,
            "proposed_at": offer.proposed_at,
            "evidence": rendered(offer.evidence, words),
        }
        for offer in Offer.objects.filter(contact_id=contact_id).order_by("id")
    ]


def strike(account_ids: Sequence[int], names: Names) -> None:
    """Take the names out of evidence and notes; figures, states and terms stay as they were approved."""
    offers = list(Offer.objects.filter(account_id__in=account_ids).order_by("id").select_for_update(no_key=True))
    told = [offer for offer in offers if names.struck(offer.evidence) != offer.evidence]
    for offer in told:
        offer.evidence = names.struck(offer.evidence)
    Offer.objects.bulk_update(told, ["evidence"], batch_size=BATCH)
    steps = [s for s in ApprovalStep.objects.filter(offer__in=offers).exclude(note="") if names.is_in(s.note)]
    for step in steps:
        step.note = names.struck_text(step.note)
    ApprovalStep.objects.bulk_update(steps, ["note"], batch_size=BATCH)


OFFERS = Holding("offers", rows_of, strike)
