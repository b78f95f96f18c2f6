"""The same message id with another body: the first stands, the other is refused with the places where it differs.

Only what is kept can be compared: what happened, to whom, when, and its
properties or traits. A call that tells no time of its own has that of its
arrival, which may differ.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from accounts.intake import rules
from accounts.intake.places import differing
from accounts.intake.reading import ProfileItem
from accounts.intake.rows import COLUMNS, EventRow
from accounts.intake.rules import Refusal
from accounts.sources.queries import Sender
from loyalty.core.prepared import run_prepared

# Stored events are looked up one by one (OFFSET 0): a plan made while there were few of them would read them all.
_EVENTS = f"""
SELECT i.position, e.name <> i.name AS is_named_other, i.is_dated AND e.occurred_at <> i.occurred_at AS is_at_other,
       i.user_id IS NOT NULL AND e.contact_id IS DISTINCT FROM c.id AS is_of_other,
       i.group_id IS NOT NULL AND e.account_id IS DISTINCT FROM a.id AS is_at_other_account,
       CASE WHEN e.properties <> i.properties THEN e.properties::text END AS kept
FROM (SELECT {COLUMNS} FROM jsonb_array_elements(%(rows)s::jsonb) AS r OFFSET 0) AS i
CROSS JOIN LATERAL (
    SELECT * FROM accounts_event WHERE source_id = %(source)s AND message_id = i.message_id OFFSET 0
) AS e
LEFT JOIN accounts_account a ON a.external_id = i.group_id
LEFT JOIN accounts_contact c ON c.external_id = i.user_id
WHERE e.name <> i.name OR e.properties <> i.properties
   OR (i.is_dated AND e.occurred_at <> i.occurred_at)
   OR (i.user_id IS NOT NULL AND e.contact_id IS DISTINCT FROM c.id)
   OR (i.group_id IS NOT NULL AND e.account_id IS DISTINCT FROM a.id)
"""
# Sent again, a batch nearly always says the same: then it is counted in the same breath.
_COUNTED = f"""
WITH other AS MATERIALIZED ({_EVENTS}),
batch AS (
    INSERT INTO accounts_intakebatch (source_id, channel, accepted, duplicates, refused)
    SELECT %(source)s::bigint, %(channel)s, %(accepted)s, %(duplicates)s, 0 WHERE NOT EXISTS (SELECT FROM other)
),
touched AS (
    UPDATE accounts_source SET last_received_at = now()
    WHERE id = %(source)s AND %(touch)s AND NOT EXISTS (SELECT FROM other)
      AND (last_received_at IS NULL OR last_received_at < now() - interval '1 minute')
)
SELECT * FROM other
"""
_EVENT_PLACES = ("event", "timestamp", "userId", "context.groupId")


def other_events(source_id: int, rows: Sequence[EventRow], text: str) -> dict[int, Refusal]:
    """Position → refusal of those events that are stored under their message id as something else.

    `text` is the rows as JSON. Call after they were stored.
    """
    return _refusals(rows, run_prepared(_EVENTS, {"rows": text, "source": source_id}))


def count_repeated(
    sender: Sender, channel: str, rows: Sequence[EventRow], text: str, *, accepted: int, duplicates: int
) -> dict[int, Refusal]:
    """The same of a batch with duplicates; when every one of them says what is stored, the batch is counted too."""
    figures = {"channel": channel, "accepted": accepted, "duplicates": duplicates}
    touch = sender.is_heard and accepted > 0
    found = run_prepared(_COUNTED, {"rows": text, "source": sender.source_id, "touch": touch, **figures})
    return _refusals(rows, found)


def _refusals(rows: Sequence[EventRow], found: Iterable[tuple[Any, ...]]) -> dict[int, Refusal]:
    by_position = {row.position: row for row in rows} if found else {}
    refused = {}
    for position, *differs, kept in found:
        row = by_position[position]
        places = [place for place, is_other in zip(_EVENT_PLACES, differs, strict=True) if is_other]
        if kept is not None:
            inside = differing({"properties": json.loads(kept)}, {"properties": row.properties})
            places += inside or ["properties"]
        refused[position] = _refusal(row.message_id, places)
    return refused


def other_calls(items: Sequence[ProfileItem], kept: dict[str, tuple[str, datetime, Any]]) -> dict[int, Refusal]:
    """Position → refusal of those profile calls that are kept under their message id as something else.

    `kept` is message id → call, time and payload.
    """
    refused = {}
    for item in items:
        call, occurred_at, payload = kept[item.message_id]
        places = ["type"] if call != item.call.value else []
        if item.is_dated and occurred_at != item.occurred_at:
            places.append("timestamp")
        places += differing(payload, item.payload)
        if places:
            refused[item.position] = _refusal(item.message_id, places)
    return refused


def _refusal(message_id: str, places: Sequence[str]) -> Refusal:
    return rules.other_body(f"messageId {message_id}", places)
