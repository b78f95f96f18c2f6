"""Reading change requests: the list, and one with everything that a decision needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from loyalty.core.absence.seats import functions_today
from loyalty.core.changes.models import ChangeComment, ChangeEditor, ChangeRequest
from loyalty.core.changes.registry import Live, changeable
from loyalty.core.changes.rules import (
    OPEN_STATES,
    ChangeAction,
    ChangeState,
    Place,
    Relation,
    changed_fields,
    decision_refusal,
    next_state,
    refusal_of,
)
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function

OPEN = [state.value for state in OPEN_STATES]
CLOSED = [state.value for state in ChangeState if state not in OPEN_STATES]
VIEWS = {"open": "Open", "closed": "Closed", "all": "All"}
SORTED_BY = ("-waits", "-id")
CSV_HEADER = (
    "number",
    "object",
    "kind",
    "changes",
    "state",
    "owner",
    "proposed_by",
    "proposed_at",
    "reason",
    "decided_by",
    "decided_at",
    "note",
)


def waiting_for(user: User) -> QuerySet[ChangeRequest]:
    """Requests that this person may decide today: of their functions, and of those whom they stand in for.

    Neither they nor whom they stand in for there has proposed or edited them.
    """
    pending = ChangeRequest.objects.filter(state=ChangeState.PENDING.value).exclude(editors__user=user)
    theirs = Q(pk__in=[])
    for function, seat in functions_today(user).items():
        of_function = Q(owner_function=function.value)
        if seat != user:
            of_function &= ~Q(pk__in=ChangeEditor.objects.filter(user=seat).values("change_id"))
        theirs |= of_function
    return pending.filter(theirs)


def waiting_count(user: User) -> int:
    """How many change requests wait for this person."""
    return waiting_for(user).count()


def listed(user: User, *, view: str = "open", kind: str = "", function: str = "") -> QuerySet[ChangeRequest]:
    """The list by SORTED_BY: what waits for this person first, then newest first."""
    rows = ChangeRequest.objects.select_related("proposed_by", "decided_by").annotate(
        waits=Case(
            When(pk__in=waiting_for(user).values("pk"), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
    )
    if view in ("open", "closed"):
        rows = rows.filter(state__in=OPEN if view == "open" else CLOSED)
    if kind:
        rows = rows.filter(kind=kind)
    if function:
        rows = rows.filter(owner_function=function)
    return rows.order_by(*SORTED_BY)


def csv_rows(rows: QuerySet[ChangeRequest]) -> Iterator[list[object]]:
    """One line a request, in the order of CSV_HEADER."""
    for change in rows.iterator(chunk_size=500):
        yield [
            change.pk,
            change.object_label,
            changeable(change.kind).label,
            summary_of(change),
            ChangeState(change.state).label,
            FUNCTION_LABELS[Function(change.owner_function)],
            change.proposed_by.display_name,
            change.proposed_at,
            change.reason,
            change.decided_by.display_name if change.decided_by else None,
            change.decided_at,
            change.decision_note,
        ]


@dataclass(frozen=True)
class Difference:
    """One field in words. `live` is given when the live object has moved on from `before`."""

    label: str
    before: str
    proposed: str
    live: str | None


def differences(change: ChangeRequest, live: Live | None = None) -> list[Difference]:
    """What the request changes, field by field; with what is live when that is another version."""
    spec = changeable(change.kind)
    in_words = spec.in_words_of(change.object_id) if spec.in_words_of else spec.in_words
    moved = live if live is not None and live.version != change.base_version else None
    fields = changed_fields(change.before, change.proposed)
    if moved:
        fields += [f for f in changed_fields(change.before, moved.values) if f not in fields]
    return [
        Difference(
            label=spec.field_labels.get(field, field),
            before=in_words(field, change.before.get(field)),
            proposed=in_words(field, change.proposed.get(field)),
            live=in_words(field, moved.values.get(field)) if moved else None,
        )
        for field in fields
    ]


def summary_of(change: ChangeRequest) -> str:
    """The differences in one line: “How often: once → 2 times”."""
    return "; ".join(f"{d.label}: {d.before} → {d.proposed}" for d in differences(change))


@dataclass(frozen=True)
class Detail:
    """One request with everything that its page shows.

    `refusal` says why this person may not decide (empty when they may), `in_place_of`
    in whose place they would (empty for their own seat). `live` is None when the
    object is gone. `edit_url` is where to write it anew.
    """

    change: ChangeRequest
    kind_label: str
    owner_label: str
    rows: list[Difference]
    live: Live | None
    moved_on: bool
    is_pending: bool
    refusal: str
    in_place_of: str
    may_withdraw: bool
    may_submit: bool
    may_set_day: bool
    may_stop: bool
    edit_url: str
    writers: str
    comments: list[ChangeComment]
    decided_at: datetime | None


def detail_of(change_id: int, user: User) -> Detail:
    """Raises ChangeRequest.DoesNotExist."""
    change = ChangeRequest.objects.select_related("proposed_by", "decided_by", "decided_for").get(pk=change_id)
    spec, state, owner = changeable(change.kind), ChangeState(change.state), Function(change.owner_function)
    live = _live(change)
    editors = list(change.editors.select_related("user").order_by("pk"))
    writers = {editor.user_id for editor in editors}
    seat = functions_today(user).get(owner)
    relation = Relation(owns=seat is not None, proposed=change.proposed_by_id == user.pk, edited=user.pk in writers)
    away = seat if seat != user else None
    place = Place(away.display_name, change.proposed_by_id == away.pk, away.pk in writers) if away else None

    def may(action: ChangeAction) -> bool:
        refusal = refusal_of(action, state, relation, FUNCTION_LABELS[owner], place)
        return next_state(state, action) is not None and not refusal

    return Detail(
        change=change,
        kind_label=spec.label,
        owner_label=FUNCTION_LABELS[owner],
        rows=differences(change, live if state in OPEN_STATES else None),
        live=live,
        moved_on=state in OPEN_STATES and live is not None and live.version != change.base_version,
        is_pending=state is ChangeState.PENDING,
        refusal=decision_refusal(relation, FUNCTION_LABELS[owner], place) or "",
        in_place_of=away.display_name if away else "",
        may_withdraw=may(ChangeAction.WITHDRAW),
        may_submit=may(ChangeAction.SUBMIT),
        may_set_day=may(ChangeAction.EDIT),
        may_stop=state is ChangeState.APPROVED and may(ChangeAction.REJECT),
        edit_url=spec.edit_url(change.object_id, change.pk) if spec.edit_url and may(ChangeAction.EDIT) else "",
        writers=", ".join(e.user.display_name for e in editors if e.user_id != change.proposed_by_id),
        comments=list(change.comments.select_related("author")),
        decided_at=change.decided_at,
    )


def pending_for(kind: str, object_id: int) -> list[ChangeRequest]:
    """Open requests about one object, newest first, for the page of that object."""
    rows = ChangeRequest.objects.filter(kind=kind, object_id=object_id, state__in=OPEN)
    return list(rows.select_related("proposed_by"))


def _live(change: ChangeRequest) -> Live | None:
    try:
        return changeable(change.kind).read(change.object_id, False)
    except LookupError:
        return None


def proposal_of(change_id: int, kind: str, object_id: int) -> tuple[dict[str, Any], str, str] | None:
    """Values, reason and digest of an open request about this object, to be written anew; None when there is none."""
    change = ChangeRequest.objects.filter(pk=change_id, kind=kind, object_id=object_id, state__in=OPEN).first()
    return (dict(change.proposed), change.reason, change.digest) if change else None
