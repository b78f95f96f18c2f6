"""Writing the audit: always inside the transaction of the thing that it tells."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from loyalty.core.audit.models import AuditLine, TypedWords
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.typed import typed_words

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
    typed: str = "",
) -> AuditLine:
    """An audit line, for `write_lines`; `acting_user` None means the programme itself.

    `typed` is why in the free text of a person about a customer, which may name somebody: it takes the place of
    `reason`, and can be struck (see `typed`).
    """
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
        typed=typed_words(typed),
    )


def write_lines(lines: Iterable[AuditLine]) -> None:
    """Write many lines in two statements, with what was typed."""
    written = list(lines)
    TypedWords.objects.bulk_create(line.typed for line in written if line.typed)
    AuditLine.objects.bulk_create(written)


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
    typed: str = "",
) -> None:
    """Write one audit line, as `audit_line` tells. Values of `before` and `after` must be JSON (money as text)."""
    line = audit_line(
        verb,
        acting_user=acting_user,
        object_type=object_type,
        object_id=object_id,
        object_label=object_label,
        before=before,
        after=after,
        reason=reason,
        typed=typed,
    )
    write_lines([line])


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
