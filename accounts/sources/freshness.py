"""What a stale system of record stops.

Stale is one that was heard and has been silent for longer than expected. One
that was never heard stops nothing: a new application works from its first event.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F

from accounts.sources.models import Source
from accounts.sources.rules import Kind

# SQL that is true while the system of record of a kind, %(kind)s, is stale at a time, %(now)s.
IS_STALE = """
EXISTS (
    SELECT FROM accounts_sourcekind AS record
    JOIN accounts_source AS sender ON sender.id = record.source_id
    WHERE record.kind = %(kind)s AND record.is_active
      AND sender.last_received_at < %(now)s - sender.expected_every)
"""


def stale_sources(kinds: Iterable[Kind], *, now: datetime) -> list[Source]:
    """The stale systems of record of these kinds, by name."""
    return list(
        Source.objects.filter(
            kinds__is_active=True,
            kinds__kind__in=[kind.value for kind in kinds],
            last_received_at__lt=now - F("expected_every"),
        ).distinct()
    )
