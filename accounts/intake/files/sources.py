"""Whose data a file is: a file is refused as a whole when its source is not the system of record."""

from datetime import datetime

from django.db import transaction

from accounts.sources.models import Source, SourceKind
from accounts.sources.rules import KIND_LABELS, Kind
from accounts.sources.verbs import create_source
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError

FIRST_SOURCE = "Files"


def source_of(kind: Kind, name: str) -> Source:
    """The active source of the kind, or the named one if it is that.

    Where the kind has no source yet, the named one (by default “Files”) is made
    its system of record. Raises DomainError when another source is.
    """
    active = active_source(kind)
    if active is None:
        return _first_source(kind, name or FIRST_SOURCE)
    if name and active.name != name:
        raise DomainError(
            f"{KIND_LABELS[kind]}: the system of record is {active.name}, not {name}. "
            "Data of another source is not taken in."
        )
    return active


def active_source(kind: Kind) -> Source | None:
    """The system of record of the kind; None when there is none yet."""
    active = SourceKind.objects.filter(kind=kind.value, is_active=True).select_related("source").first()
    return active.source if active else None


def hear_file_of(source: Source, *, now: datetime) -> None:
    """Note that the source was heard, unless it sends by itself: a file says nothing of whether that still works."""
    if not any(held.exclude(expires_at__lte=now).exists() for held in (source.keys, source.secrets)):
        Source.objects.filter(pk=source.pk).update(last_received_at=now)


@transaction.atomic
def _first_source(kind: Kind, name: str) -> Source:
    there = Source.objects.filter(name=name).first()
    if there is None:
        return create_source(name, [kind], acting_user=None)
    SourceKind.objects.update_or_create(source=there, kind=kind.value, defaults={"is_active": True})
    record(
        AuditVerb.EDITED,
        acting_user=None,
        object_type="source",
        object_id=there.pk,
        object_label=there.name,
        after={"system of record for": KIND_LABELS[kind]},
    )
    return there
