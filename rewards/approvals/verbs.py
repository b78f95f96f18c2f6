"""Deciding offers, one or many.

One verb decides. It locks the offers in the order of their ids, and after them the people
whose seats it takes (the order that `people.leaving` tells); then it looks again at everything
it relies on: the state, whose turn it is, with whose seat the person decides, that neither they
nor whom they stand in for has proposed or changed it, and that the terms are those they saw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from loyalty.core.absence.seats import functions_today, take_seat
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.refusing import refused_line
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import audit_line, write_lines
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function, functions_in_words
from rewards.approvals.models import DECISION, ApprovalStep, StepState
from rewards.approvals.relations import relation_of, revisers_of, steps_of
from rewards.approvals.rules import independence_refusal, open_now
from rewards.approvals.timing import approval_settings, due_at
from rewards.offers.granting import grant_approved
from rewards.offers.models import Offer
from rewards.offers.rules import OfferAction, OfferState
from rewards.offers.verbs import close_all


@dataclass(frozen=True)
class Ask:
    """One offer to decide, with the digest of the terms that were on the screen."""

    offer_id: int
    digest: str


@dataclass(frozen=True)
class Outcome:
    """What came of one of them: the offer as decided, and when, or why nothing was changed; and its name."""

    offer_id: int
    offer: Offer | None = None
    refusal: DomainError | None = None
    decided_at: datetime | None = None
    named: str = ""


def approve(offer_id: int, *, function: Function, digest: str, note: str = "", acting_user: User) -> Offer:
    """Approve one function's step; the last approval grants the reward.

    Raises NotAllowed (wrong function, own proposal, second function) and
    DomainError (decided already, changed terms); then nothing has changed but
    the audit, which tells of the attempt.
    """
    return _decide_one(offer_id, StepState.APPROVED, function, digest, note, acting_user)


def reject(offer_id: int, *, function: Function, digest: str, note: str, acting_user: User) -> Offer:
    """Reject one function's step: that ends the offer and frees its cap room. Raises as `approve`."""
    return _decide_one(offer_id, StepState.REJECTED, function, digest, note, acting_user)


def decide_all(asks: Sequence[Ask], decision: StepState, note: str, *, acting_user: User) -> list[Outcome]:
    """Decide each offer for the function of the person whose turn it is, in one transaction, in the order of ids.

    What cannot be decided is refused by itself and told; the others hold.
    """
    return _decide(asks, decision, None, note, acting_user)


def _decide_one(
    offer_id: int, decision: StepState, function: Function, digest: str, note: str, acting_user: User
) -> Offer:
    (outcome,) = _decide([Ask(offer_id, digest)], decision, function, note, acting_user)
    if outcome.refusal is not None or outcome.offer is None:
        raise outcome.refusal or Offer.DoesNotExist
    return outcome.offer


@dataclass(frozen=True)
class _Judged:
    offer: Offer
    step: ApprovalStep
    left: list[ApprovalStep]


@transaction.atomic
def _decide(
    asks: Sequence[Ask], decision: StepState, function: Function | None, note: str, acting_user: User
) -> list[Outcome]:
    wanted = {ask.offer_id: ask.digest for ask in asks}
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("account", "reward")
    offers = list(rows.filter(pk__in=wanted).order_by("pk"))
    steps = steps_of(offers)
    revisers = revisers_of(offers)
    outcomes, judged, refused, now = [], [], [], timezone.now()
    for offer in offers:
        asked = function or _turn(offer, acting_user)
        try:
            if asked is None:
                raise DomainError(f"{_standing(offer, steps[offer.pk])} Nothing of it waits for you.")
            found = _judge(offer, steps[offer.pk], revisers.get(offer.pk, set()), asked, acting_user)
            if wanted[offer.pk] != offer.digest:
                raise DomainError("The terms of this offer changed while you were looking. Read it again, then decide.")
        except DomainError as refusal:
            outcomes.append(Outcome(offer.pk, refusal=refusal))
            if isinstance(refusal, NotAllowed):
                who = FUNCTION_LABELS[asked] if asked else "nobody"
                refused.append(refused_line("offer", offer.pk, f"{decision.value} by {who}", refusal, acting_user))
        else:
            judged.append(found)
            outcomes.append(Outcome(offer.pk, offer, decided_at=now))
    AuditLine.objects.bulk_create(refused)
    _write(judged, decision, note, acting_user, now)
    return outcomes


def _write(judged: Sequence[_Judged], decision: StepState, note: str, acting_user: User, now: datetime) -> None:
    approved = decision is StepState.APPROVED
    for one in judged:
        one.step.state, one.step.decided_by, one.step.decided_at = decision.value, acting_user, now
        one.step.digest, one.step.note = one.offer.digest, note
    ApprovalStep.objects.bulk_update([one.step for one in judged], DECISION)
    write_lines(
        audit_line(
            AuditVerb.OFFER_APPROVED if approved else AuditVerb.OFFER_REJECTED,
            acting_user=acting_user,
            object_type="offer",
            object_id=one.offer.pk,
            object_label=str(one.offer),
            before={"step": f"{one.step.get_function_display()} waiting"},
            after={"step": f"{one.step.get_function_display()} {decision.value}", "terms": one.offer.digest}
            | ({"in the place of": one.step.decided_for.display_name} if one.step.decided_for else {}),
            typed=note,
        )
        for one in judged
    )
    if not approved:
        void_waiting([one.offer.pk for one in judged])
        close_all([one.offer for one in judged], OfferAction.REJECT, now=now)
        return
    pass_on({one.offer: one.left for one in judged if one.left}, now)
    grant_approved([one.offer for one in judged if not one.left], acting_user=acting_user, now=now)


def void_waiting(offer_ids: Sequence[int]) -> None:
    """Nobody decides what is left of offers that ended."""
    waiting = ApprovalStep.objects.filter(offer_id__in=offer_ids, state=StepState.WAITING.value)
    waiting.update(state=StepState.VOID.value)


def pass_on(waiting: Mapping[Offer, Sequence[ApprovalStep]], now: datetime) -> None:
    """Open the next steps of offers once nobody before them is awaited.

    Steps that were open already keep their due time.
    """
    working_days, opened = approval_settings().due_working_days, []
    for offer, left in waiting.items():
        turn = open_now([(step.position, step.function) for step in left])
        newly = [step for step in left if step.function in turn and step.function not in offer.awaits]
        for step in newly:
            step.due_at = due_at(now, working_days)
        opened += newly
        offer.awaits = turn
        offer.due_at = min(step.due_at for step in left if step.function in turn)
    ApprovalStep.objects.bulk_update(opened, ["due_at"])
    Offer.objects.bulk_update(list(waiting), ["awaits", "due_at"])


def _turn(offer: Offer, acting_user: User) -> Function | None:
    """The first open step that the person has a seat for today."""
    seats = functions_today(acting_user)
    return next((Function(f) for f in offer.awaits if Function(f) in seats), None)


def _judge(
    offer: Offer, steps: list[ApprovalStep], revisers: set[int], function: Function, acting_user: User
) -> _Judged:
    step = _check_turn(offer, steps, function)
    seat = take_seat(acting_user, function)
    for person in dict.fromkeys((acting_user, seat)):
        relation = relation_of(offer, steps, revisers, person)
        if refusal := independence_refusal(relation, "" if person == acting_user else person.display_name):
            raise NotAllowed(refusal)
    step.decided_for = None if seat == acting_user else seat
    return _Judged(offer, step, [s for s in steps if s.state == StepState.WAITING.value and s is not step])


def _check_turn(offer: Offer, steps: list[ApprovalStep], function: Function) -> ApprovalStep:
    label = FUNCTION_LABELS[function]
    step = next((s for s in steps if s.function == function.value), None)
    if step is None:
        raise NotAllowed(f"This offer needs no decision by {label}.")
    if step.decided_by and step.decided_at:
        raise DomainError(f"{_decided(step)} Your click changed nothing.")
    if offer.state != OfferState.IN_APPROVAL.value:
        raise DomainError(f"{_standing(offer, steps)} Your click changed nothing.")
    if function.value not in offer.awaits:
        raise DomainError(f"{functions_in_words(offer.awaits)} decides first; then it is the turn of {label}.")
    return step


def _decided(step: ApprovalStep) -> str:
    who = step.decided_by.display_name if step.decided_by else "Nobody"
    return (
        f"{who} {step.state} this for {step.get_function_display()} on {step.decided_at:%-d %b %Y at %H:%M} UTC."
        if step.decided_at
        else ""
    )


def _standing(offer: Offer, steps: Sequence[ApprovalStep]) -> str:
    """How the offer stands, and by whom and when it was decided last."""
    last = max((s for s in steps if s.decided_at), key=lambda s: s.decided_at or offer.proposed_at, default=None)
    return f"This offer is {OfferState(offer.state).label}. {_decided(last) if last else ''}".strip()
