"""Changing what an undecided offer promises.

Invariant: changed terms have another digest, so every approval that the offer had is void,
and whoever changed them never decides them.
"""

from datetime import datetime

from django.utils import timezone

from loyalty.core.absence.seats import functions_today
from loyalty.core.audit.refusing import telling_refusals
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from rewards.approvals.locking import check_undecided, locked
from rewards.approvals.models import DECISION, ApprovalStep, OfferRevision, StepState
from rewards.approvals.verbs import pass_on
from rewards.offers.models import Offer
from rewards.offers.terms import digest_of

LONGEST_VALIDITY = 1095


def revise(offer_id: int, validity_days: int, reason: str, *, digest: str, acting_user: User) -> Offer:
    """Change how long the reward can be used, of an undecided offer: every approval that it had is void.

    Raises NotAllowed outside the function that owns the campaign, DomainError when the offer
    is decided, the terms have moved on, or nothing would change.
    """
    with telling_refusals("offer", [offer_id], "change the terms", acting_user):
        (offer,) = locked([offer_id])
        owner = Function(offer.campaign.owner_function)
        if owner not in functions_today(acting_user):
            raise NotAllowed(f"{FUNCTION_LABELS[owner]} owns the campaign and changes its offers.")
        check_undecided(offer)
        _check_revision(offer, validity_days, reason, digest)
        before, steps = offer.validity_days, list(offer.steps.select_related("decided_by"))
        void = [_approval(step) for step in steps if step.state == StepState.APPROVED.value]
        offer.validity_days = validity_days
        offer.digest = digest_of(offer.terms)
        OfferRevision.objects.create(
            offer=offer,
            number=offer.revisions.count() + 1,
            before={"validity_days": before},
            after={"validity_days": validity_days},
            reason=reason.strip(),
            written_by=acting_user,
        )
        _begin_again(offer, steps, timezone.now())
        record(
            AuditVerb.OFFER_REVISED,
            acting_user=acting_user,
            object_type="offer",
            object_id=offer.pk,
            object_label=str(offer),
            before={"validity_days": before},
            after={"validity_days": validity_days, "terms": offer.digest, "void approvals": void},
            typed=reason,
        )
    return offer


def _check_revision(offer: Offer, validity_days: int, reason: str, digest: str) -> None:
    if digest != offer.digest:
        raise DomainError("The terms of this offer changed while you were looking. Read it again.")
    if not reason.strip():
        raise DomainError("Say why: whoever decides reads the reason first.")
    if not 1 <= validity_days <= LONGEST_VALIDITY or validity_days == offer.validity_days:
        raise DomainError(f"Give another number of days, from 1 to {LONGEST_VALIDITY}.")


def _begin_again(offer: Offer, steps: list[ApprovalStep], now: datetime) -> None:
    for step in steps:
        step.clear()
    ApprovalStep.objects.bulk_update(steps, DECISION)
    offer.awaits = []
    offer.save(update_fields=["validity_days", "digest"])
    pass_on({offer: steps}, now)


def _approval(step: ApprovalStep) -> str:
    return f"{step.get_function_display()}, by {step.decided_by.display_name if step.decided_by else 'nobody'}"
