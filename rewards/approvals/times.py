"""How the times of the approval steps are changed by request: Customer Success owns them, and they are always live."""

from typing import Any

from django.urls import reverse

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.models import ApprovalSettings
from rewards.approvals.timing import approval_settings
from rewards.offers.models import OPEN, Offer

KIND = "approval_times"
ONLY = 1
FIELD_LABELS = {
    "due_working_days": "A step is due after",
    "remind_days": "People are reminded before",
    "escalate_days": "The lead hears of it before",
}
LONGEST_DUE = 20


def read(object_id: int, lock: bool) -> Live:
    """The times as they stand; the defaults until somebody changed them."""
    if object_id != ONLY:
        raise LookupError(f"no approval times {object_id}")
    if lock:
        ApprovalSettings.objects.get_or_create(pk=ONLY)
        ApprovalSettings.objects.select_for_update(no_key=True).get(pk=ONLY)
    times = approval_settings()
    return Live(
        label="Times of the approval steps",
        url=reverse("approval-times"),
        version=times.version,
        values={field: getattr(times, field) for field in FIELD_LABELS},
        is_live=True,
    )


def clean(object_id: int, values: Values) -> dict[str, Any]:
    """Whole working days that make sense together, or DomainError in words."""
    merged = dict(read(object_id, False).values) | {k: v for k, v in values.items() if k in FIELD_LABELS}
    try:
        cleaned = {field: int(merged[field]) for field in FIELD_LABELS}
    except (TypeError, ValueError):
        raise DomainError("Give whole working days.") from None
    if not 1 <= cleaned["due_working_days"] <= LONGEST_DUE:
        raise DomainError(f"A step is due after 1 to {LONGEST_DUE} working days.")
    if not 0 <= cleaned["escalate_days"] <= cleaned["remind_days"] <= cleaned["due_working_days"]:
        raise DomainError("People are reminded first, then the lead hears of it, and both before the step is due.")
    return cleaned


def impact(object_id: int, values: Values) -> list[str]:
    """Open steps keep the time that they opened with."""
    waiting = Offer.objects.filter(OPEN).count()
    offers = "1 undecided offer keeps" if waiting == 1 else f"{waiting:,} undecided offers keep"
    return [f"{offers} the due time of the step that is open; the steps after it follow the change."]


def apply(object_id: int, values: Values, acting_user: User, reason: str) -> None:
    """Write the decided times; runs inside the deciding transaction."""
    times, _ = ApprovalSettings.objects.get_or_create(pk=ONLY)
    before = {field: getattr(times, field) for field in FIELD_LABELS}
    for field in FIELD_LABELS:
        setattr(times, field, values[field])
    times.version += 1
    times.save()
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type=KIND,
        object_id=ONLY,
        object_label="times of the approval steps",
        before=before | {"version": times.version - 1},
        after=dict(values) | {"version": times.version},
        reason=reason,
    )


def in_words(field: str, value: Any) -> str:
    """A number of working days."""
    return "on the day" if not value else "1 working day" if value == 1 else f"{value} working days"


APPROVAL_TIMES = Changeable(
    kind=KIND,
    label="approval times",
    owner_of=lambda object_id, fields: Function.CS,
    read=read,
    clean=clean,
    impact=impact,
    apply=apply,
    field_labels=FIELD_LABELS,
    in_words=in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("approval-times"), change_id),
)
