"""Writing the audit: always inside the transaction of the thing that it tells."""

from collections.abc import Mapping
from typing import Any

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.people.models import User

THE_PROGRAMME = "The programme"


def audit_line(
    verb: AuditVerb,
    *,
    acting_user: User | None,
    object_type: str,
    object_id: object = "",
    object_label: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditLine:
    """An audit line, not yet written; `acting_user` None means the programme itself."""
    return AuditLine(
        actor=acting_user,
        actor_name=acting_user.display_name if acting_user else THE_PROGRAMME,
        verb=verb.value,
        object_type=object_type,
        object_id=str(object_id),
        object_label=object_label[:300],
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        reason=reason,
    )


def record(
    verb: AuditVerb,
    *,
    acting_user: User | None,
    object_type: str,
    object_id: object = "",
    object_label: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write one audit line. Values of `before` and `after` must be JSON (money as text)."""
    audit_line(
        verb,
        acting_user=acting_user,
        object_type=object_type,
        object_id=object_id,
        object_label=object_label,
        before=before,
        after=after,
        reason=reason,
    ).save(force_insert=True)
