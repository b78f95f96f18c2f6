"""Who sends, and whether they still do."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Prefetch, Q, QuerySet

from accounts.sources.models import Source, SourceKey, SourceKind, SourceSecret
from accounts.sources.rules import Kind, key_digest
from loyalty.core.prepared import run_prepared

# One round trip, by hand: this is asked on every request of the intake.
_SENDER = """
SELECT s.id, s.name,
       ARRAY(SELECT kind::text FROM accounts_sourcekind WHERE source_id = s.id AND is_active)
FROM accounts_sourcekey k JOIN accounts_source s ON s.id = k.source_id
WHERE k.digest = %(digest)s AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
"""


@dataclass(frozen=True)
class Sender:
    """A source as its key shows it. `records` are the kinds that it is the system of record for.

    `is_heard` is False for what is sent again from here: its source says nothing by it.
    """

    source_id: int
    name: str
    records: frozenset[Kind]
    is_heard: bool = True


def sender_of(key: str, *, now: datetime) -> Sender | None:
    """The source that the key belongs to; None when there is none or the key has expired."""
    rows = run_prepared(_SENDER, {"digest": key_digest(key), "now": now})
    if not rows:
        return None
    ((source_id, name, kinds),) = rows
    return Sender(source_id, name, frozenset(Kind(k) for k in kinds))


def record_of(kind: Kind) -> str | None:
    """The name of the system of record for a kind; None when there is none."""
    return Source.objects.filter(kinds__kind=kind.value, kinds__is_active=True).values_list("name", flat=True).first()


def records() -> dict[Kind, str]:
    """Kind → the name of its system of record, for those that have one."""
    rows = SourceKind.objects.filter(is_active=True).values_list("kind", "source__name")
    return {Kind(kind): name for kind, name in rows}


def all_sources(*, now: datetime) -> QuerySet[Source]:
    """Every source with its kinds, and with `working_keys`: the keys that have not expired."""
    working = SourceKey.objects.exclude(expires_at__lte=now)
    return Source.objects.prefetch_related("kinds", Prefetch("keys", working, to_attr="working_keys"))


def working_secrets(source: Source, *, now: datetime) -> list[SourceSecret]:
    """The signing secrets of a source that have not expired, the newest first."""
    return list(source.secrets.exclude(expires_at__lte=now))


def silent_sources(*, now: datetime) -> list[Source]:
    """Systems of record that have been silent for longer than they should be, or were never heard."""
    return list(
        Source.objects.filter(kinds__is_active=True)
        .filter(Q(last_received_at=None) | Q(last_received_at__lt=now - F("expected_every")))
        .distinct()
    )
