"""Proposing and deciding changes.

Every verb that ends or alters a request locks its row first, and then looks
again at all it relies on. What is refused for lack of right leaves an audit
line, and nothing else.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.changes import telling
from loyalty.core.changes.models import ChangeComment, ChangeEditor, ChangeRequest
from loyalty.core.changes.registry import Changeable, Live, changeable, measured_impact
from loyalty.core.changes.rules import (
    PAST_TENSE,
    ChangeAction,
    ChangeState,
    Relation,
    changed_fields,
    decision_refusal,
    digest_of,
    next_state,
)
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.figures import moment_text
from loyalty.core.people.models import User
from loyalty.core.people.permissions import holds_seat, is_member
from loyalty.core.people.rules import FUNCTION_LABELS, Function

CHANGED_MEANWHILE = "The terms changed while you were looking. Read them again, then decide."


class LiveMovedOn(DomainError):
    """The live object is no longer the version that the proposal was made against."""


@transaction.atomic
def propose_or_apply(
    kind: str, object_id: int, values: Mapping[str, Any], reason: str, *, acting_user: User
) -> ChangeRequest | None:
    """Edit an object: the owner's edit of what is not live applies at once (None); all else is a request.

    Raises DomainError when the values make no sense or change nothing.
    """
    spec = changeable(kind)
    live = _read(spec, object_id, lock=True)
    proposed = _proposed(spec, object_id, live, values)
    owner = spec.owner_of(object_id, set(changed_fields(live.values, proposed)))
    if not live.is_live and is_member(acting_user, owner):
        spec.apply(object_id, proposed, acting_user, reason)
        return None
    return _propose(spec, object_id, live, proposed, reason, acting_user)


def edit(change_id: int, values: Mapping[str, Any], reason: str, *, digest: str, acting_user: User) -> ChangeRequest:
    """Write the proposal anew, against what is live now: any approval it had is void.

    Whoever edits joins those who may not decide it. Raises DomainError when
    `digest` is not the one of the terms that were on the screen.
    """
    with transaction.atomic():
        change = _lock(change_id)
        _check_step(change, ChangeAction.EDIT)
        _check_digest(change, digest)
        spec = changeable(change.kind)
        live = _read(spec, change.object_id, lock=False)
        before = dict(change.proposed)
        _write_terms(change, spec, live, _proposed(spec, change.object_id, live, values), reason)
        change.state = _after(change, ChangeAction.EDIT)
        change.save()
        ChangeEditor.objects.get_or_create(change=change, user=acting_user)
        changed = changed_fields(before, change.proposed)
        _tell(
            AuditVerb.CHANGE_EDITED,
            change,
            acting_user,
            reason,
            before={field: before.get(field) for field in changed},
            after={field: change.proposed[field] for field in changed},
        )
        telling.tell_it_waits(change)
        return change


def approve(change_id: int, *, digest: str, note: str = "", acting_user: User) -> ChangeRequest:
    """Approve the terms with this digest, and apply them at once.

    Raises NotAllowed (own proposal, not of the owning function), LiveMovedOn, and
    DomainError (decided already, changed terms); then nothing has changed.
    """

    def approve_and_apply(change: ChangeRequest, now: datetime) -> None:
        spec = changeable(change.kind)
        live = _read(spec, change.object_id, lock=True)
        if live.version != change.base_version:
            raise LiveMovedOn(
                f"{live.label} moved on: this was proposed against version {change.base_version}, and version"
                f" {live.version} is live now. Compare the two below; the proposal has to be written anew."
            )
        _decided(change, ChangeAction.APPROVE, acting_user, now, note)
        _tell(AuditVerb.CHANGE_APPROVED, change, acting_user, note, after={"terms": digest})
        spec.apply(change.object_id, change.proposed, acting_user, change.reason)
        change.state, change.applied_at = _after(change, ChangeAction.APPLY), now
        change.save(update_fields=["state", "applied_at"])
        _tell(AuditVerb.CHANGE_APPLIED, change, acting_user, change.reason)
        telling.tell_outcome(change, "approved and applied", acting_user=acting_user)

    return _decide(change_id, ChangeAction.APPROVE, digest, acting_user, approve_and_apply)


def reject(change_id: int, *, digest: str, note: str, acting_user: User) -> ChangeRequest:
    """Turn the proposal down; `note` says why. Raises as `approve`, but for LiveMovedOn."""

    if not note.strip():
        raise DomainError("Say why you reject it, so that the next proposal can be better.")

    def turn_down(change: ChangeRequest, now: datetime) -> None:
        _decided(change, ChangeAction.REJECT, acting_user, now, note)
        _tell(AuditVerb.CHANGE_REJECTED, change, acting_user, note, after={"terms": digest})
        telling.tell_outcome(change, "rejected", acting_user=acting_user)

    return _decide(change_id, ChangeAction.REJECT, digest, acting_user, turn_down)


def withdraw(change_id: int, *, acting_user: User) -> ChangeRequest:
    """Take one's own proposal back; raises NotAllowed for anybody else."""

    def take_back() -> ChangeRequest:
        change = _lock(change_id)
        _check_step(change, ChangeAction.WITHDRAW)
        if change.proposed_by_id != acting_user.pk:
            raise NotAllowed(f"Only {change.proposed_by.display_name} can withdraw this; you can reject or comment.")
        change.state = _after(change, ChangeAction.WITHDRAW)
        change.save(update_fields=["state"])
        _tell(AuditVerb.CHANGE_WITHDRAWN, change, acting_user)
        return change

    return _telling_refusals(change_id, ChangeAction.WITHDRAW, acting_user, take_back)


@transaction.atomic
def comment(change_id: int, text: str, *, acting_user: User) -> ChangeComment:
    """Say something about a request; it can be said after the decision too."""
    change = _lock(change_id)
    said = ChangeComment.objects.create(change=change, author=acting_user, text=text)
    _tell(AuditVerb.CHANGE_COMMENTED, change, acting_user, after={"comment": text})
    telling.tell_comment(said)
    return said


def _propose(
    spec: Changeable,
    object_id: int,
    live: Live,
    proposed: Mapping[str, Any],
    reason: str,
    acting_user: User,
) -> ChangeRequest:
    change = ChangeRequest(kind=spec.kind, object_id=object_id, proposed_by=acting_user)
    _write_terms(change, spec, live, proposed, reason)
    change.save(force_insert=True)
    ChangeEditor.objects.create(change=change, user=acting_user)
    changed = changed_fields(live.values, proposed)
    _tell(
        AuditVerb.CHANGE_PROPOSED,
        change,
        acting_user,
        reason,
        before={field: live.values.get(field) for field in changed},
        after={field: proposed[field] for field in changed},
    )
    telling.tell_it_waits(change)
    return change


def _write_terms(change: ChangeRequest, spec: Changeable, live: Live, proposed: Mapping[str, Any], reason: str) -> None:
    if not reason.strip():
        raise DomainError("Say why: whoever decides reads the reason first.")
    change.owner_function = spec.owner_of(change.object_id, set(changed_fields(live.values, proposed))).value
    change.object_label, change.base_version = live.label[:200], live.version
    change.before, change.proposed = dict(live.values), dict(proposed)
    change.digest = digest_of(change.kind, change.object_id, live.version, proposed)
    change.impact = measured_impact(spec.kind, change.object_id, proposed)
    change.reason = reason.strip()


def _read(spec: Changeable, object_id: int, *, lock: bool) -> Live:
    try:
        return spec.read(object_id, lock)
    except LookupError as gone:
        raise DomainError(f"This {spec.label} is no longer there.") from gone


def _proposed(spec: Changeable, object_id: int, live: Live, values: Mapping[str, Any]) -> dict[str, Any]:
    proposed = spec.clean(object_id, values)
    if not changed_fields(live.values, proposed):
        raise DomainError("Nothing would change: these are the values of now.")
    return proposed


def _decide(
    change_id: int,
    action: ChangeAction,
    digest: str,
    acting_user: User,
    carry_out: Callable[[ChangeRequest, datetime], None],
) -> ChangeRequest:
    def under_lock() -> ChangeRequest:
        change = _lock(change_id)
        _check_step(change, action)
        owner = Function(change.owner_function)
        refusal = decision_refusal(
            Relation(
                owns=holds_seat(acting_user, owner),
                proposed=change.proposed_by_id == acting_user.pk,
                edited=change.editors.filter(user=acting_user).exists(),
            ),
            FUNCTION_LABELS[owner],
        )
        if refusal:
            raise NotAllowed(refusal)
        _check_digest(change, digest)
        carry_out(change, timezone.now())
        return change

    return _telling_refusals(change_id, action, acting_user, under_lock)


def _telling_refusals(
    change_id: int, action: ChangeAction, acting_user: User, attempt: Callable[[], ChangeRequest]
) -> ChangeRequest:
    """Run the attempt; when it is refused, undo it and leave the line that tells of it."""
    try:
        with transaction.atomic():
            return attempt()
    except NotAllowed as refusal:
        change = ChangeRequest.objects.get(pk=change_id)
        _tell(AuditVerb.REFUSED, change, acting_user, str(refusal), after={"attempt": action.value})
        raise


def _lock(change_id: int) -> ChangeRequest:
    # No join here: after a wait PostgreSQL reads the locked row anew, but not the rows joined to it,
    # and whoever lost the race would not learn who decided.
    return ChangeRequest.objects.select_for_update().get(pk=change_id)


def _check_step(change: ChangeRequest, action: ChangeAction) -> None:
    state = ChangeState(change.state)
    if next_state(state, action) is not None:
        return
    if change.decided_by and change.decided_at:
        when = moment_text(change.decided_at, timezone.get_current_timezone())
        who = change.decided_by.display_name
        raise DomainError(f"{who} {PAST_TENSE[state]} this on {when}. Your click changed nothing.")
    raise DomainError(f"This change request is {state.label}. Your click changed nothing.")


def _check_digest(change: ChangeRequest, digest: str) -> None:
    if digest != change.digest:
        raise DomainError(CHANGED_MEANWHILE)


def _after(change: ChangeRequest, action: ChangeAction) -> str:
    state = next_state(ChangeState(change.state), action)
    if state is None:
        raise DomainError(f"This change request is {ChangeState(change.state).label}.")
    return state.value


def _decided(change: ChangeRequest, action: ChangeAction, acting_user: User, now: datetime, note: str) -> None:
    change.state = _after(change, action)
    change.decided_by, change.decided_at, change.decision_note = acting_user, now, note.strip()
    change.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])


def _tell(
    verb: AuditVerb,
    change: ChangeRequest,
    acting_user: User,
    reason: str = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    record(
        verb,
        acting_user=acting_user,
        object_type="change",
        object_id=change.pk,
        object_label=str(change),
        before=before,
        after=after,
        reason=reason,
    )
