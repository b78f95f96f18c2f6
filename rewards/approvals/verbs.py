"""Deciding offers.

One verb decides. It locks the offer, then looks again at everything it relies
on: the state, whose turn it is, that the person belongs to that function now,
that the proposal is not their own, and that the terms are those they saw.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import FUNCTION_LABELS, Function, functions_in_words
from loyalty.core.periods import add_working_days
from rewards.approvals.models import ApprovalSettings, ApprovalStep, StepState
from rewards.approvals.rules import open_now
from rewards.offers.models import Offer
from rewards.offers.rules import OfferAction, OfferState
from rewards.offers.verbs import close, grant


def approval_settings() -> ApprovalSettings:
    """The times of the approval steps; the defaults until Customer Success edits them."""
    return ApprovalSettings.objects.filter(pk=1).first() or ApprovalSettings(pk=1)


def due_at(now: datetime, working_days: int) -> datetime:
    """When a step that opens now is due: working days in the company's time zone."""
    return add_working_days(now, working_days, ZoneInfo(settings.COMPANY_TIME_ZONE))


def approve(offer_id: int, *, function: Function, digest: str, note: str = "", acting_user: User) -> Offer:
    """Approve one function's step; the last approval grants the reward.

    Raises NotAllowed (wrong function, own proposal, second function) and
    DomainError (decided already, changed terms); then nothing has changed but
    the audit, which tells of the attempt.
    """
    return _decide(offer_id, StepState.APPROVED, function, digest, note, acting_user)


def reject(offer_id: int, *, function: Function, digest: str, note: str, acting_user: User) -> Offer:
    """Reject one function's step: that ends the offer and frees its cap room. Raises as `approve`."""
    return _decide(offer_id, StepState.REJECTED, function, digest, note, acting_user)


def _decide(offer_id: int, decision: StepState, function: Function, digest: str, note: str, acting_user: User) -> Offer:
    try:
        with transaction.atomic():
            return _decide_locked(offer_id, decision, function, digest, note, acting_user)
    except NotAllowed as refusal:
        record(
            AuditVerb.REFUSED,
            acting_user=acting_user,
            object_type="offer",
            object_id=offer_id,
            object_label=f"{decision.value} by {FUNCTION_LABELS[function]}",
            reason=str(refusal),
        )
        raise


def _decide_locked(
    offer_id: int, decision: StepState, function: Function, digest: str, note: str, acting_user: User
) -> Offer:
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("account", "reward")
    offer = rows.get(pk=offer_id)
    steps = list(offer.steps.select_related("decided_by"))
    step = _check_turn(offer, steps, function)
    check_member(acting_user, function)
    _check_independent(offer, steps, acting_user)
    if digest != offer.digest:
        raise DomainError("The terms of this offer changed while you were looking. Read it again, then decide.")

    now = timezone.now()
    step.state, step.decided_by, step.decided_at = decision.value, acting_user, now
    step.digest, step.note = digest, note
    step.save(update_fields=["state", "decided_by", "decided_at", "digest", "note"])
    approved = decision is StepState.APPROVED
    record(
        AuditVerb.OFFER_APPROVED if approved else AuditVerb.OFFER_REJECTED,
        acting_user=acting_user,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        before={"step": f"{FUNCTION_LABELS[function]} waiting"},
        after={"step": f"{FUNCTION_LABELS[function]} {decision.value}", "terms": digest},
        reason=note,
    )
    if not approved:
        offer.steps.filter(state=StepState.WAITING.value).update(state=StepState.VOID.value)
        close(offer, OfferAction.REJECT, now=now)
        return offer
    waiting = [s for s in steps if s.state == StepState.WAITING.value]
    if waiting:
        _pass_on(offer, waiting, now)
    else:
        grant(offer, acting_user=acting_user, now=now)
    return offer


def _pass_on(offer: Offer, waiting: list[ApprovalStep], now: datetime) -> None:
    """Open the next steps once nobody before them is awaited; those that were open already keep their due time."""
    turn = open_now([(step.position, step.function) for step in waiting])
    newly = [step for step in waiting if step.function in turn and step.function not in offer.awaits]
    for step in newly:
        step.due_at = due_at(now, approval_settings().due_working_days)
    ApprovalStep.objects.bulk_update(newly, ["due_at"])
    offer.awaits = turn
    offer.due_at = min(step.due_at for step in waiting if step.function in turn)
    offer.save(update_fields=["awaits", "due_at"])


def _check_turn(offer: Offer, steps: list[ApprovalStep], function: Function) -> ApprovalStep:
    label = FUNCTION_LABELS[function]
    step = next((s for s in steps if s.function == function.value), None)
    if step is None:
        raise NotAllowed(f"This offer needs no decision by {label}.")
    if step.decided_by and step.decided_at:
        raise DomainError(
            f"{step.decided_by.display_name} {step.state} this for {label} on"
            f" {step.decided_at:%-d %b %Y at %H:%M} UTC. Your click changed nothing."
        )
    if offer.state != OfferState.IN_APPROVAL.value:
        last = max((s for s in steps if s.decided_at), key=lambda s: s.decided_at or offer.proposed_at, default=None)
        by = f", decided by {last.decided_by.display_name}" if last and last.decided_by else ""
        raise DomainError(f"This offer is {OfferState(offer.state).label}{by}. Your click changed nothing.")
    if function.value not in offer.awaits:
        raise DomainError(f"{functions_in_words(offer.awaits)} decides first; then it is the turn of {label}.")
    return step


def _check_independent(offer: Offer, steps: list[ApprovalStep], acting_user: User) -> None:
    if offer.proposed_by_id == acting_user.pk:
        raise NotAllowed("Nobody decides their own proposal. Ask a colleague of the same function.")
    if any(s.decided_by_id == acting_user.pk for s in steps):
        raise NotAllowed("You decided this offer for another function; one person decides for one function only.")


def lapse_overdue(*, now: datetime | None = None, limit: int = 500) -> int:
    """End offers whose step is past due; they lapse, they are never approved by default.

    Their reserved room is free again. Safe to run twice and on several workers.
    """
    moment = now or timezone.now()
    lapsed = 0
    while True:
        with transaction.atomic():
            overdue = list(
                Offer.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
                .filter(state=OfferState.IN_APPROVAL.value, due_at__lt=moment)
                .order_by("id")[:limit]
            )
            for offer in overdue:
                _lapse(offer, moment)
        lapsed += len(overdue)
        if len(overdue) < limit:
            return lapsed


def _lapse(offer: Offer, now: datetime) -> None:
    waited_for = functions_in_words(offer.awaits)
    offer.steps.filter(state=StepState.WAITING.value).update(state=StepState.VOID.value)
    close(offer, OfferAction.LAPSE, now=now)
    record(
        AuditVerb.OFFER_LAPSED,
        acting_user=None,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        reason=f"{waited_for} did not decide in time.",
    )
