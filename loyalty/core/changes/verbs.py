"""Proposing changes, and deciding them.

Each verb is one step of the table in `rules`, done under the lock of the request
(`steps`). What waits for its day is carried out by `carrying_out`.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.changes import telling
from loyalty.core.changes.models import ChangeComment, ChangeEditor, ChangeRequest
from loyalty.core.changes.registry import Changeable, Live, changeable
from loyalty.core.changes.rules import OPEN_FOR, ChangeAction, ChangeState, changed_fields
from loyalty.core.changes.steps import (
    after,
    check_live,
    decided_terms,
    lock,
    note_decision,
    proposed_values,
    read_live,
    step,
    tell,
    write_terms,
)
from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text
from loyalty.core.people.models import User
from loyalty.core.people.permissions import is_member


def today() -> date:
    """The day in the company's time zone: what `effective_on` is held against."""
    return timezone.now().astimezone(ZoneInfo(settings.COMPANY_TIME_ZONE)).date()


@transaction.atomic
def propose_or_apply(
    kind: str, object_id: int, values: Mapping[str, Any], reason: str, *, as_draft: bool = False, acting_user: User
) -> ChangeRequest | None:
    """Edit an object: the owner's edit of what is not live applies at once (None); all else is a request.

    `as_draft` keeps it as a draft that its proposer submits, whoever owns it. Raises DomainError
    when the values make no sense or change nothing.
    """
    spec = changeable(kind)
    live = read_live(spec, object_id, lock=True)
    proposed = proposed_values(spec, object_id, live, values)
    owner = spec.owner_of(object_id, set(changed_fields(live.values, proposed)))
    if as_draft:
        return _write(spec, object_id, live, proposed, reason, ChangeState.DRAFT, acting_user)
    if not live.is_live and is_member(acting_user, owner):
        spec.apply(object_id, proposed, acting_user, reason)
        return None
    change = _write(spec, object_id, live, proposed, reason, ChangeState.PENDING, acting_user)
    telling.tell_it_waits(change)
    return change


@transaction.atomic
def restore(change_id: int, reason: str, *, acting_user: User) -> ChangeRequest:
    """Draft a new request that brings back what stood before an applied one; its proposer submits it.

    Raises DomainError when the request was never applied, or what stood before is what stands now.
    """
    change = lock(change_id)
    if change.state != ChangeState.APPLIED:
        raise DomainError("Only what was applied can be taken back.")
    spec = changeable(change.kind)
    live = read_live(spec, change.object_id, lock=True)
    earlier = {field: change.before.get(field) for field in changed_fields(change.before, change.proposed)}
    proposed = proposed_values(spec, change.object_id, live, {**live.values, **earlier})
    return _write(spec, change.object_id, live, proposed, reason, ChangeState.DRAFT, acting_user)


def submit(change_id: int, *, digest: str, acting_user: User) -> ChangeRequest:
    """Let a draft be decided, against what is live now; raises NotAllowed for anybody but its proposer."""

    def hand_in(change: ChangeRequest, now: datetime) -> None:
        spec = changeable(change.kind)
        live = read_live(spec, change.object_id, lock=True)
        write_terms(change, spec, live, proposed_values(spec, change.object_id, live, change.proposed), change.reason)
        change.state = after(change, ChangeAction.SUBMIT)
        change.save()
        tell(AuditVerb.CHANGE_PROPOSED, change, acting_user, change.reason, **_sides(change.before, change.proposed))
        telling.tell_it_waits(change)

    return step(change_id, ChangeAction.SUBMIT, digest, acting_user, hand_in)


def edit(change_id: int, values: Mapping[str, Any], reason: str, *, digest: str, acting_user: User) -> ChangeRequest:
    """Write the proposal anew, against what is live now: any approval it had is void.

    Whoever edits joins those who may not decide it. Raises DomainError when
    `digest` is not the one of the terms that were on the screen.
    """

    def write_anew(change: ChangeRequest, now: datetime) -> None:
        spec = changeable(change.kind)
        live = read_live(spec, change.object_id, lock=False)
        before = dict(change.proposed)
        write_terms(change, spec, live, proposed_values(spec, change.object_id, live, values), reason)
        _void_approval(change, acting_user)
        tell(AuditVerb.CHANGE_EDITED, change, acting_user, reason, **_sides(before, change.proposed))

    return _edit(change_id, digest, acting_user, write_anew)


def set_day(change_id: int, effective_on: date | None, *, digest: str, acting_user: User) -> ChangeRequest:
    """Let the change hold from a day on (company's time zone), or from its approval (None); voids as an edit does.

    Raises DomainError for a day that has come already.
    """
    if effective_on is not None and effective_on <= today():
        raise DomainError("That day has come already. Leave it empty, and the approval applies it at once.")

    def set_it(change: ChangeRequest, now: datetime) -> None:
        before, change.effective_on = change.effective_on, effective_on
        spec = changeable(change.kind)
        live = read_live(spec, change.object_id, lock=False)
        write_terms(change, spec, live, proposed_values(spec, change.object_id, live, change.proposed), change.reason)
        _void_approval(change, acting_user)
        then, now_on = {"holds from": _day(before)}, {"holds from": _day(effective_on)}
        tell(AuditVerb.CHANGE_EDITED, change, acting_user, before=then, after=now_on)

    return _edit(change_id, digest, acting_user, set_it)


def approve(change_id: int, *, digest: str, note: str = "", acting_user: User) -> ChangeRequest:
    """Approve the terms with this digest, and apply them at once, or on their day.

    Raises NotAllowed (own proposal, not of the owning function), LiveMovedOn, and
    DomainError (decided already, changed terms); then nothing has changed.
    """

    def approve_and_apply(change: ChangeRequest, now: datetime) -> None:
        spec = changeable(change.kind)
        check_live(change, read_live(spec, change.object_id, lock=True))
        note_decision(change, ChangeAction.APPROVE, acting_user, now, note)
        tell(AuditVerb.CHANGE_APPROVED, change, acting_user, note, after=decided_terms(change))
        if change.effective_on is not None and change.effective_on > today():
            change.expires_at = now + (change.effective_on - today()) + OPEN_FOR
            change.save(update_fields=["expires_at"])
            telling.tell_outcome(change, f"approved; it holds from {day_text(change.effective_on)}", by=acting_user)
            return
        apply_now(change, spec, now, acting_user)

    return step(change_id, ChangeAction.APPROVE, digest, acting_user, approve_and_apply)


def apply_now(change: ChangeRequest, spec: Changeable, now: datetime, decider: User) -> None:
    """Apply a locked, approved request in the name of who approved it; live was looked at by the caller."""
    spec.apply(change.object_id, change.proposed, decider, change.reason)
    change.state, change.applied_at = after(change, ChangeAction.APPLY), now
    change.save(update_fields=["state", "applied_at"])
    tell(AuditVerb.CHANGE_APPLIED, change, decider, change.reason)
    telling.tell_outcome(change, "approved and applied", by=decider)


def reject(change_id: int, *, digest: str, note: str, acting_user: User) -> ChangeRequest:
    """Turn the proposal down; `note` says why. Raises as `approve`, but for LiveMovedOn."""
    if not note.strip():
        raise DomainError("Say why you reject it, so that the next proposal can be better.")

    def turn_down(change: ChangeRequest, now: datetime) -> None:
        note_decision(change, ChangeAction.REJECT, acting_user, now, note)
        tell(AuditVerb.CHANGE_REJECTED, change, acting_user, note, after=decided_terms(change))
        telling.tell_outcome(change, "rejected", by=acting_user)

    return step(change_id, ChangeAction.REJECT, digest, acting_user, turn_down)


def ask_for_changes(change_id: int, *, digest: str, note: str, acting_user: User) -> ChangeRequest:
    """Give the proposal back to be written anew; `note` says what to change. Raises as `reject`."""
    if not note.strip():
        raise DomainError("Say what should change.")

    def give_back(change: ChangeRequest, now: datetime) -> None:
        change.state = after(change, ChangeAction.REQUEST_CHANGES)
        change.save(update_fields=["state"])
        ChangeComment.objects.create(change=change, author=acting_user, text=note.strip())
        tell(AuditVerb.CHANGE_RETURNED, change, acting_user, note, after=decided_terms(change))
        telling.tell_return(change, note, by=acting_user)

    return step(change_id, ChangeAction.REQUEST_CHANGES, digest, acting_user, give_back)


def withdraw(change_id: int, *, acting_user: User) -> ChangeRequest:
    """Take one's own proposal back; raises NotAllowed for anybody else."""

    def take_back(change: ChangeRequest, now: datetime) -> None:
        change.state = after(change, ChangeAction.WITHDRAW)
        change.save(update_fields=["state"])
        tell(AuditVerb.CHANGE_WITHDRAWN, change, acting_user)

    return step(change_id, ChangeAction.WITHDRAW, None, acting_user, take_back)


@transaction.atomic
def comment(change_id: int, text: str, *, acting_user: User) -> ChangeComment:
    """Say something about a request; it can be said after the decision too."""
    change = lock(change_id)
    said = ChangeComment.objects.create(change=change, author=acting_user, text=text)
    tell(AuditVerb.CHANGE_COMMENTED, change, acting_user, after={"comment": text})
    telling.tell_comment(said)
    return said


def _write(
    spec: Changeable,
    object_id: int,
    live: Live,
    proposed: Mapping[str, Any],
    reason: str,
    state: ChangeState,
    acting_user: User,
) -> ChangeRequest:
    change = ChangeRequest(kind=spec.kind, object_id=object_id, proposed_by=acting_user, state=state.value)
    write_terms(change, spec, live, proposed, reason)
    change.save(force_insert=True)
    ChangeEditor.objects.create(change=change, user=acting_user)
    told = AuditVerb.CHANGE_DRAFTED if state is ChangeState.DRAFT else AuditVerb.CHANGE_PROPOSED
    tell(told, change, acting_user, reason, **_sides(live.values, proposed))
    return change


def _edit(
    change_id: int, digest: str, acting_user: User, write: Callable[[ChangeRequest, datetime], None]
) -> ChangeRequest:
    change = step(change_id, ChangeAction.EDIT, digest, acting_user, write)
    if change.state == ChangeState.PENDING:
        telling.tell_it_waits(change)
    return change


def _void_approval(change: ChangeRequest, acting_user: User) -> None:
    change.state = after(change, ChangeAction.EDIT)
    change.decided_by = change.decided_for = change.decided_at = None
    change.decision_note = ""
    change.save()
    ChangeEditor.objects.get_or_create(change=change, user=acting_user)


def _sides(before: Mapping[str, Any], proposed: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    changed = changed_fields(before, proposed)
    return {
        "before": {field: before.get(field) for field in changed},
        "after": {field: proposed[field] for field in changed},
    }


def _day(day: date | None) -> str:
    return day_text(day) if day else "its approval"
