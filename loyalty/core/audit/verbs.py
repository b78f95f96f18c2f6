"""Writing the audit: always inside the transaction of the thing that it tells."""

from collections.abc import Mapping
from typing import Any, Protocol

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb

THE_PROGRAMME = "The programme"


class Actor(Protocol):
    """All that the audit knows of a person, so that what people do can be audited above it."""

    @property
    def pk(self) -> Any: ...

    @property
    def display_name(self) -> str: ...


def audit_line(
    verb: AuditVerb,
    *,
    acting_user: Actor | None,
    object_type: str,
    object_id: object = "",
    object_label: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditLine:
    """An audit line, not yet written; `acting_user` None means the programme itself."""
    return AuditLine(
        actor_id=acting_user.pk if acting_user else None,
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
    acting_user: Actor | None,
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


def record_edit(
    *,
    acting_user: Actor | None,
    object_type: str,
    object_id: object,
    object_label: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    version: int,
    reason: str,
) -> None:
    """Write the line of an edit that made `version`: of all editable values, as JSON, those that are others now."""
    changed = [field for field in after if before[field] != after[field]]
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type=object_type,
        object_id=object_id,
        object_label=object_label,
        before={field: before[field] for field in changed} | {"version": version - 1},
        after={field: after[field] for field in changed} | {"version": version},
        reason=reason,
    )
