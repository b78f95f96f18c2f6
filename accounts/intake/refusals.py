"""What a source had refused and has not gone in since: for the list of sources, and by reason for its page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from accounts.sources.refusals import Refusals

# Counts stop here: what matters is that there are many, not how many.
MOST = 1000

_OF_SOURCES = """
SELECT s.id, waiting.count, last.reason, last.received_at
FROM accounts_source s
CROSS JOIN LATERAL (
    SELECT reason, received_at FROM accounts_refuseditem
    WHERE source_id = s.id AND went_in_at IS NULL ORDER BY id DESC LIMIT 1
) AS last
CROSS JOIN LATERAL (
    SELECT count(*) FROM (
        SELECT FROM accounts_refuseditem WHERE source_id = s.id AND went_in_at IS NULL ORDER BY id DESC LIMIT %(most)s
    ) AS newest
) AS waiting
WHERE s.id = ANY(%(sources)s)
"""
_BY_CODE = """
SELECT count(*), (array_agg(reason ORDER BY id DESC))[1], max(received_at), max(id), code
FROM (
    SELECT id, code, reason, received_at FROM accounts_refuseditem
    WHERE source_id = %(source)s AND went_in_at IS NULL ORDER BY id DESC LIMIT %(most)s
) AS newest
GROUP BY code ORDER BY max(id) DESC
"""


@dataclass(frozen=True)
class Reason:
    """Refused items of one code among the newest: how many, and the last of them (its reason, time and id)."""

    count: int
    reason: str
    at: datetime
    item_id: int
    code: str


def refusals_of(source_ids: Iterable[int]) -> dict[int, Refusals]:
    """Source id → what it had refused, for those with anything."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_SOURCES, {"sources": list(source_ids), "most": MOST + 1})
        rows = cursor.fetchall()
    return {source: Refusals(min(count, MOST), count > MOST, reason, at) for source, count, reason, at in rows}


def by_code(source_id: int) -> list[Reason]:
    """The newest refused items of a source by their code, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_CODE, {"source": source_id, "most": MOST})
        return [Reason(*row) for row in cursor.fetchall()]
