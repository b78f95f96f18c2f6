"""Changing what an undecided offer promises, and taking one's own decision back.

Invariant: changed terms have another digest, so every approval that the offer had is void,
and whoever changed them never decides them.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from loyalty.core.absence.seats import functions_today
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from rewards.approvals.locking import check_undecided, locked
from rewards.approvals.models import ApprovalStep, OfferRevision, StepState
from rewards.approvals.rules import open_now
from rewards.approvals.verbs import pass_on
from rewards.offers.models import Offer
from rewards.offers.refusing import telling_refusals
from rewards.offers.rules import OfferState
from rewards.offers.terms import digest_of
from rewards.offers.verbs import MOVED, hold_supply, reopen

UNDO_WINDOW = timedelta(seconds=60)
LONGEST_VALIDITY = 1095
CLEARED = ["state", "decided_by", "decided_for", "decided_at", "digest", "note"]


def revise(offer_id: int, validity_days: int, reason: str, *, digest: str, acting_user: User) -> Offer:
    """Change how long the reward can be used, of an undecided offer: every approval that it had is void.

    Raises NotAllowed outside the function that owns the campaign, DomainError when the offer
    is decided, the terms have moved on, or nothing would change.
    """
    with telling_refusals([offer_id], "change the terms", acting_user):
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
            reason=reason.strip(),
        )
    return offer


def undo(offer_id: int, *, acting_user: User) -> Offer:
    """Take back one's own decision within UNDO_WINDOW, while nobody decided after it and nothing was granted.

    A rejection that is taken back takes its room again. Raises DomainError, also when there is
    no room any more, or NotAllowed for somebody else's.
    """
    with telling_refusals([offer_id], "take back a decision", acting_user):
        hold_supply(offer_id)
        (offer,) = locked([offer_id])
        was_rejected = offer.state == OfferState.REJECTED.value
        if not was_rejected:
            check_undecided(offer)
        steps, now = list(offer.steps.all()), timezone.now()
        last = _last_decided(steps, acting_user, now)
        if was_rejected:
            _check_it_rejected(last)
            reopen(offer, now=now)
        decision = last.state
        waiting = [step for step in steps if step is last or step.state in (StepState.WAITING, StepState.VOID)]
        for step in waiting:
            _clear(step)
        ApprovalStep.objects.bulk_update(waiting, CLEARED)
        offer.awaits = open_now([(step.position, step.function) for step in waiting])
        offer.due_at = min(step.due_at for step in waiting if step.function in offer.awaits)
        offer.save(update_fields=MOVED)
        record(
            AuditVerb.OFFER_UNDONE,
            acting_user=acting_user,
            object_type="offer",
            object_id=offer.pk,
            object_label=str(offer),
            before={"step": f"{last.get_function_display()} {decision}"},
            after={"step": f"{last.get_function_display()} waiting"},
        )
    return offer


def decision_to_undo(offer: Offer, steps: list[ApprovalStep], user: User, now: datetime) -> str:
    """What `undo` would take back, “approval” or “rejection”, if the person may; "" when there is nothing."""
    try:
        last = _last_decided(steps, user, now)
    except DomainError:
        return ""
    if last.state == StepState.REJECTED.value:
        return "rejection" if offer.state == OfferState.REJECTED.value else ""
    return "approval" if offer.state == OfferState.IN_APPROVAL.value else ""


def _last_decided(steps: list[ApprovalStep], user: User, now: datetime) -> ApprovalStep:
    decided = [(step.decided_at, step.pk, step) for step in steps if step.decided_at]
    if not decided:
        raise DomainError("Nothing of this offer was decided yet.")
    at, _, last = max(decided)
    if last.decided_by_id != user.pk:
        raise NotAllowed("Only who decided last can take it back.")
    if now - at > UNDO_WINDOW:
        raise DomainError("It is too late to take this back. An approval is answered by changing the terms.")
    return last


def _check_it_rejected(last: ApprovalStep) -> None:
    if last.state != StepState.REJECTED.value:
        raise DomainError("The offer ended otherwise than by your decision. Nothing was changed.")


def _check_revision(offer: Offer, validity_days: int, reason: str, digest: str) -> None:
    if digest != offer.digest:
        raise DomainError("The terms of this offer changed while you were looking. Read it again.")
    if not reason.strip():
        raise DomainError("Say why: whoever decides reads the reason first.")
    if not 1 <= validity_days <= LONGEST_VALIDITY or validity_days == offer.validity_days:
        raise DomainError(f"Give another number of days, from 1 to {LONGEST_VALIDITY}.")


def _begin_again(offer: Offer, steps: list[ApprovalStep], now: datetime) -> None:
    for step in steps:
        _clear(step)
    ApprovalStep.objects.bulk_update(steps, CLEARED)
    offer.awaits = []
    offer.save(update_fields=["validity_days", "digest"])
    pass_on({offer: steps}, now)


def _clear(step: ApprovalStep) -> None:
    step.state, step.decided_by, step.decided_for, step.decided_at = StepState.WAITING.value, None, None, None
    step.digest, step.note = "", ""


def _approval(step: ApprovalStep) -> str:
    return f"{step.get_function_display()}, by {step.decided_by.display_name if step.decided_by else 'nobody'}"
