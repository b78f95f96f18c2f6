"""What a stale system of record stops.

Stale is one that was heard and has been silent for longer than expected. One
that was never heard stops nothing: a new application works from its first event.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F

from accounts.sources.models import Source, SourceKind
from accounts.sources.rules import Kind


def stale_sources(kinds: Iterable[Kind], *, now: datetime) -> list[Source]:
    """The stale systems of record of these kinds, by name."""
    return list(
        Source.objects.filter(
            kinds__is_active=True,
            kinds__kind__in=[kind.value for kind in kinds],
            last_received_at__lt=now - F("expected_every"),
        ).distinct()
    )


def stale_kinds(*, now: datetime) -> frozenset[Kind]:
    """The kinds of data whose system of record is stale."""
    records = SourceKind.objects.filter(is_active=True, source__last_received_at__lt=now - F("source__expected_every"))
    return frozenset(Kind(kind) for kind in records.values_list("kind", flat=True))
