"""What every step of a change request is made of: lock, look again, move on, tell.

Whoever ends or alters a request locks its row first, and then looks again at
all that is relied on. What is refused for lack of right leaves an audit line,
and nothing else.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from loyalty.core.absence.seats import take_seat
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.registry import Changeable, Live, measured_impact
from loyalty.core.changes.rules import (
    DECISIONS,
    OPEN_FOR,
    PAST_TENSE,
    ChangeAction,
    ChangeState,
    Place,
    Relation,
    changed_fields,
    digest_of,
    next_state,
    refusal_of,
)
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.figures import moment_text
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function

CHANGED_MEANWHILE = "The terms changed while you were looking. Read them again, then decide."


class LiveMovedOn(DomainError):
    """The live object is no longer the version that the proposal was made against."""


def lock(change_id: int) -> ChangeRequest:
    """The request, locked until the transaction ends; raises ChangeRequest.DoesNotExist."""
    # No join here: after a wait PostgreSQL reads the locked row anew, but not the rows joined to it,
    # and whoever lost the race would not learn who decided.
    return ChangeRequest.objects.select_for_update().get(pk=change_id)


def check_step(change: ChangeRequest, action: ChangeAction) -> None:
    """Raise DomainError, with who did what when, unless the action makes sense now."""
    state = ChangeState(change.state)
    if next_state(state, action) is not None:
        return
    if change.decided_by and change.decided_at:
        when = moment_text(change.decided_at, timezone.get_current_timezone())
        who = change.decided_by.display_name
        raise DomainError(f"{who} {PAST_TENSE[state]} this on {when}. Your click changed nothing.")
    raise DomainError(f"This change request is {state.label}. Your click changed nothing.")


def check_digest(change: ChangeRequest, digest: str) -> None:
    """Raise DomainError unless these are the terms of now."""
    if digest != change.digest:
        raise DomainError(CHANGED_MEANWHILE)


def after(change: ChangeRequest, action: ChangeAction) -> str:
    """The state that the action leads to; raises DomainError when it leads nowhere."""
    state = next_state(ChangeState(change.state), action)
    if state is None:
        raise DomainError(f"This change request is {ChangeState(change.state).label}.")
    return state.value


def check_live(change: ChangeRequest, live: Live) -> None:
    """Raise LiveMovedOn unless live is the version that the proposal was made against."""
    if live.version != change.base_version:
        raise LiveMovedOn(
            f"{live.label} moved on: this was proposed against version {change.base_version}, and version"
            f" {live.version} is live now. Compare the two below; the proposal has to be written anew."
        )


def read_live(spec: Changeable, object_id: int, *, lock: bool) -> Live:
    """The object as it stands; raises DomainError when it is gone."""
    try:
        return spec.read(object_id, lock)
    except LookupError as gone:
        raise DomainError(f"This {spec.label} is no longer there.") from gone


def proposed_values(spec: Changeable, object_id: int, live: Live, values: Mapping[str, Any]) -> dict[str, Any]:
    """Complete, valid values; raises DomainError when they make no sense or change nothing."""
    proposed = spec.clean(object_id, values)
    if not changed_fields(live.values, proposed):
        raise DomainError("Nothing would change: these are the values of now.")
    return proposed


def write_terms(change: ChangeRequest, spec: Changeable, live: Live, proposed: Mapping[str, Any], reason: str) -> None:
    """Put the terms into the request, pinned and measured; the caller saves it. Raises DomainError without a reason."""
    if not reason.strip():
        raise DomainError("Say why: whoever decides reads the reason first.")
    change.owner_function = spec.owner_of(change.object_id, set(changed_fields(live.values, proposed))).value
    change.object_label, change.base_version = live.label[:200], live.version
    change.before, change.proposed = dict(live.values), dict(proposed)
    change.digest = digest_of(change.kind, change.object_id, live.version, proposed, change.effective_on)
    change.impact = measured_impact(spec.kind, change.object_id, proposed)
    change.reason = reason.strip()
    change.expires_at = timezone.now() + OPEN_FOR


def note_decision(change: ChangeRequest, action: ChangeAction, decider: User, now: datetime, note: str) -> None:
    """Keep who decided what, when and why."""
    change.state = after(change, action)
    change.decided_by, change.decided_at, change.decision_note = decider, now, note.strip()
    change.save(update_fields=["state", "decided_by", "decided_for", "decided_at", "decision_note"])


def check_right(change: ChangeRequest, action: ChangeAction, acting_user: User) -> User | None:
    """In whose place the person does this, None for their own; by the seats and the writers of this very moment.

    Raises NotAllowed unless they may.
    """
    owner = Function(change.owner_function)
    seat = _seat(acting_user, owner) if action in DECISIONS else None
    away = seat if seat != acting_user else None
    relation = Relation(
        owns=seat is not None,
        proposed=change.proposed_by_id == acting_user.pk,
        edited=_has_edited(change, acting_user),
    )
    place = Place(away.display_name, change.proposed_by_id == away.pk, _has_edited(change, away)) if away else None
    if refusal := refusal_of(action, ChangeState(change.state), relation, FUNCTION_LABELS[owner], place):
        raise NotAllowed(refusal)
    return away


def _seat(person: User, owner: Function) -> User | None:
    try:
        return take_seat(person, owner)
    except NotAllowed:
        return None


def _has_edited(change: ChangeRequest, person: User) -> bool:
    return change.editors.filter(user=person).exists()


def step(
    change_id: int,
    action: ChangeAction,
    digest: str | None,
    acting_user: User,
    carry_out: Callable[[ChangeRequest, datetime], None],
) -> ChangeRequest:
    """Do one step under the lock: it must make sense, the person may do it, the terms are those that were seen.

    `digest` None: the step is not about the terms. Raises DomainError and NotAllowed; then nothing has changed.
    """

    def under_lock() -> ChangeRequest:
        change = lock(change_id)
        check_step(change, action)
        away = check_right(change, action, acting_user)
        if action in DECISIONS:
            change.decided_for = away
        if digest is not None:
            check_digest(change, digest)
        carry_out(change, timezone.now())
        return change

    return telling_refusals(change_id, action, acting_user, under_lock)


def telling_refusals(
    change_id: int, action: ChangeAction, acting_user: User, attempt: Callable[[], ChangeRequest]
) -> ChangeRequest:
    """Run the attempt; when it is refused, undo it and leave the line that tells of it."""
    try:
        with transaction.atomic():
            return attempt()
    except NotAllowed as refusal:
        change = ChangeRequest.objects.get(pk=change_id)
        tell(AuditVerb.REFUSED, change, acting_user, str(refusal), after={"attempt": action.value})
        raise


def decided_terms(change: ChangeRequest) -> dict[str, Any]:
    """What the audit says of a decision: of which terms, and in whose place when not with one's own seat."""
    place = {"in the place of": change.decided_for.display_name} if change.decided_for else {}
    return {"terms": change.digest} | place


def tell(
    verb: AuditVerb,
    change: ChangeRequest,
    acting_user: User | None,
    reason: str = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Leave the audit line of a step."""
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
