"""Taking one's own decisions back while no money moved: one, or those that were made together.

Invariant: only who decided last takes it back, within UNDO_WINDOW, and only what has not ended otherwise. A grant is
taken back only while it is held: it stands on no books, and nobody outside was told. Locks go as they do where offers
are proposed: supply, then offers, then caps.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.refusing import refused_line
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import audit_line
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from rewards.approvals.locking import check_undecided, locked
from rewards.approvals.models import DECISION, ApprovalStep, StepState
from rewards.approvals.relations import steps_of
from rewards.approvals.rules import open_now
from rewards.approvals.verbs import Outcome
from rewards.offers.models import Offer
from rewards.offers.reopening import grants_held, hold_supply, reopen
from rewards.offers.rules import UNDO_WINDOW, OfferState
from rewards.offers.verbs import MOVED

UNDOABLE = {
    StepState.APPROVED: (OfferState.IN_APPROVAL, OfferState.APPROVED),
    StepState.REJECTED: (OfferState.REJECTED,),
}
"""A decision, and the states of an offer in which it can be taken back."""


def undo(offer_id: int, *, acting_user: User) -> Offer:
    """Take back one's own decision within UNDO_WINDOW, while nobody decided after it and no money moved.

    A rejection that is taken back takes its room again; a grant, which can be taken back while it is held, is gone.
    Raises DomainError, also when there is no room any more, or NotAllowed for somebody else's.
    """
    (outcome,) = _undo([offer_id], None, acting_user)
    if outcome.refusal is not None or outcome.offer is None:
        raise outcome.refusal or Offer.DoesNotExist
    return outcome.offer


def undo_all(offer_ids: Sequence[int], decided_at: datetime, *, acting_user: User) -> list[Outcome]:
    """Take back the decisions that one made together at `decided_at`, in one transaction, in the order of ids.

    What `undo` would refuse is refused by itself and told, and so is an offer that was decided again since; the
    others hold. Asking again therefore changes nothing more. Raises DomainError when there is none of the offers.
    """
    return _undo(offer_ids, decided_at, acting_user)


@dataclass(frozen=True)
class Together:
    """Decisions that were made together at `decided_at` and can be taken back; `what` is “approval” or “rejection”."""

    decided_at: datetime
    what: str
    offer_ids: list[int]


def undoable_together(outcomes: Sequence[Outcome]) -> Together | None:
    """Of what was just decided, all that `undo_all` would take back; None when there is nothing."""
    done = [outcome for outcome in outcomes if outcome.offer and outcome.decided_at]
    kept = _granted_for_good([outcome.offer for outcome in done if outcome.offer], timezone.now())
    back = [outcome for outcome in done if outcome.offer_id not in kept]
    ids = [outcome.offer_id for outcome in back]
    return next((_together(o.decided_at, o.offer, ids) for o in back if o.decided_at and o.offer), None)


def undoable_since(decided_at: datetime, user: User, now: datetime) -> Together | None:
    """What somebody decided together at that moment and can still take back; None when there is nothing."""
    if not timedelta(0) <= now - decided_at <= UNDO_WINDOW:
        return None
    steps = ApprovalStep.objects.filter(decided_by=user, decided_at=decided_at).select_related("offer")
    offers = [step.offer for step in steps.order_by("offer_id") if step.offer.state in UNDOABLE[StepState(step.state)]]
    kept = _granted_for_good(offers, now)
    offers = [offer for offer in offers if offer.pk not in kept]
    return _together(decided_at, offers[0], [offer.pk for offer in offers]) if offers else None


def _granted_for_good(offers: Sequence[Offer], now: datetime) -> set[int]:
    """Those of the offers whose grant is not held (any more)."""
    granted = {offer.pk for offer in offers if offer.state == OfferState.APPROVED.value}
    return granted - grants_held(list(granted), now) if granted else granted


def _together(decided_at: datetime, one: Offer, ids: list[int]) -> Together:
    return Together(decided_at, "rejection" if one.state == OfferState.REJECTED.value else "approval", ids)


def decision_to_undo(offer: Offer, steps: Sequence[ApprovalStep], user: User, now: datetime) -> str:
    """What `undo` would take back, “approval” or “rejection”, if the person may; "" when there is nothing."""
    try:
        last = _to_take_back(offer, steps, user, now, None, _granted_for_good([offer], now))
    except DomainError:
        return ""
    return "rejection" if last.state == StepState.REJECTED.value else "approval"


@transaction.atomic
def _undo(offer_ids: Sequence[int], decided_at: datetime | None, acting_user: User) -> list[Outcome]:
    now = timezone.now()
    hold_supply(offer_ids)
    offers = locked(offer_ids)
    steps, last, kept = steps_of(offers), {}, _granted_for_good(offers, now)
    refusals: dict[int, DomainError] = {}
    for offer in offers:
        try:
            last[offer.pk] = _to_take_back(offer, steps[offer.pk], acting_user, now, decided_at, kept)
        except DomainError as refusal:
            refusals[offer.pk] = refusal
    ended = [offer for offer in offers if offer.pk in last and offer.state != OfferState.IN_APPROVAL.value]
    granted = {offer.pk for offer in ended if offer.state == OfferState.APPROVED.value}
    refusals |= reopen(ended, now=now)
    undone = [offer for offer in offers if offer.pk not in refusals]
    AuditLine.objects.bulk_create([_line(offer, last[offer.pk], offer.pk in granted, acting_user) for offer in undone])
    _wait_again(undone, steps, last)
    AuditLine.objects.bulk_create(
        refused_line("offer", offer_id, "take back a decision", refusal, acting_user)
        for offer_id, refusal in refusals.items()
        if isinstance(refusal, NotAllowed)
    )
    return [Outcome(o.pk, None if o.pk in refusals else o, refusals.get(o.pk), named=str(o)) for o in offers]


def _to_take_back(
    offer: Offer,
    steps: Sequence[ApprovalStep],
    user: User,
    now: datetime,
    decided_at: datetime | None,
    granted_for_good: AbstractSet[int],
) -> ApprovalStep:
    """The decision of the person that ended the offer or passed it on last; raises DomainError if it stays."""
    if offer.state not in (OfferState.REJECTED.value, OfferState.APPROVED.value) or offer.pk in granted_for_good:
        check_undecided(offer)
    decided = [(step.decided_at, step.pk, step) for step in steps if step.decided_at]
    if not decided:
        raise DomainError("Nothing of this offer was decided yet.")
    at, _, last = max(decided)
    if last.decided_by_id != user.pk:
        raise NotAllowed("Only who decided last can take it back.")
    if decided_at is not None and at != decided_at:
        raise DomainError("It was decided again meanwhile. Nothing was changed.")
    if now - at > UNDO_WINDOW:
        raise DomainError("It is too late to take this back. An approval is answered by changing the terms.")
    if offer.state not in UNDOABLE[StepState(last.state)]:
        raise DomainError("The offer ended otherwise than by your decision. Nothing was changed.")
    return last


def _wait_again(offers: Sequence[Offer], steps: dict[int, list[ApprovalStep]], last: dict[int, ApprovalStep]) -> None:
    cleared = []
    for offer in offers:
        waiting = [s for s in steps[offer.pk] if s is last[offer.pk] or s.state != StepState.APPROVED.value]
        for step in waiting:
            step.clear()
        offer.awaits = open_now([(step.position, step.function) for step in waiting])
        offer.due_at = min(step.due_at for step in waiting if step.function in offer.awaits)
        cleared += waiting
    ApprovalStep.objects.bulk_update(cleared, DECISION)
    Offer.objects.bulk_update(offers, MOVED)


def _line(offer: Offer, step: ApprovalStep, was_granted: bool, acting_user: User) -> AuditLine:
    return audit_line(
        AuditVerb.OFFER_UNDONE,
        acting_user=acting_user,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        before={"step": f"{step.get_function_display()} {step.state}"} | ({"granted": True} if was_granted else {}),
        after={"step": f"{step.get_function_display()} waiting"} | ({"granted": False} if was_granted else {}),
    )
