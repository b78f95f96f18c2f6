"""Putting contacts at the accounts that calls name, also where nobody knew the account yet when the call came.

Such a call is taken in at once, for what it says of the contact; what it says
of where they are waits for the account. Invariants: a contact is where the
newest call placed them, whatever came in first and whenever its account became
known (of calls with one time, the one with the greatest message id); when it is
told anew where they were, a mark is left for the events counted before.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from accounts.intake.rows import COLUMNS
from accounts.intake.whereabouts import BACK, account_at, told_by

_LATE = """
SELECT p.id, p.contact_id, a.id AS account_id
FROM (SELECT id, contact_id, waits_for FROM accounts_profilecall
      WHERE waits_for <> '' ORDER BY id DESC LIMIT %(looked_at)s) AS p
JOIN accounts_account a ON a.external_id = p.waits_for
"""
_LOCK_LATE = f"""
SELECT id FROM accounts_contact WHERE id IN (SELECT contact_id FROM ({_LATE}) AS late)
ORDER BY id FOR NO KEY UPDATE
"""
_KNOWN = f"""
UPDATE accounts_profilecall p SET account_id = late.account_id, waits_for = ''
FROM ({_LATE}) AS late WHERE p.id = late.id RETURNING p.id
"""

_OLDER = "(p.occurred_at, p.message_id, p.source_id) < (told.occurred_at, told.message_id, told.source_id)"
_WITHOUT = account_at("c", "told.occurred_at", until=_OLDER, leaving_out="p.id = ANY (%(calls)s)")
# Only where these calls say something else than was known of their time without them.
_MARK = f"""
INSERT INTO accounts_placedirty (contact_id, since)
SELECT told.contact_id, told.occurred_at
FROM accounts_profilecall told JOIN accounts_contact c ON c.id = told.contact_id
WHERE told.id = ANY (%(calls)s) AND told.account_id <> {_WITHOUT}
"""
# A record is outdone by a call of its time or later, and an event or a file, which leave no time, by any call.
_PLACE = f"""
UPDATE accounts_contact c SET account_id = newest.account_id, placed_at = newest.occurred_at
FROM (SELECT DISTINCT contact_id AS id FROM accounts_profilecall WHERE id = ANY (%(calls)s)) AS told
CROSS JOIN LATERAL (
    SELECT p.account_id, p.occurred_at {told_by("told.id", "true")} ORDER BY {BACK} LIMIT 1
) AS newest
WHERE c.id = told.id AND (c.placed_at IS NULL OR newest.occurred_at >= c.placed_at)
  AND (c.account_id, c.placed_at) IS DISTINCT FROM (newest.account_id, newest.occurred_at)
"""

_OF_EVENTS = f"""
SELECT DISTINCT ON (c.id) c.id, a.id AS account_id, a.external_id, i.occurred_at
FROM (SELECT {COLUMNS} FROM jsonb_array_elements(%(rows)s::jsonb) AS r) AS i
JOIN accounts_contact c ON c.external_id = i.user_id
JOIN accounts_account a ON a.external_id = i.group_id
WHERE i.position = ANY (%(positions)s)
ORDER BY c.id, i.occurred_at, a.external_id
"""
_LOCK_SEEN = f"""
SELECT id FROM accounts_contact WHERE id IN (SELECT id FROM ({_OF_EVENTS}) AS told) ORDER BY id FOR NO KEY UPDATE
"""
_SEE = f"""
WITH seen AS (
    UPDATE accounts_contact c
    SET seen_at = first.occurred_at, seen_account_id = first.account_id,
        account_id = CASE WHEN c.account_id IS NULL OR (c.placed_at IS NULL AND c.seen_at IS NOT NULL)
                          THEN first.account_id ELSE c.account_id END
    FROM (
        SELECT told.*, told.account_id <> {account_at("c", "told.occurred_at")}
                       AND NOT EXISTS (SELECT {told_by("c.id", "p.occurred_at <= told.occurred_at")}) AS is_news
        FROM ({_OF_EVENTS}) AS told
        JOIN accounts_contact c ON c.id = told.id
        LEFT JOIN accounts_account known ON known.id = c.seen_account_id
        WHERE c.seen_at IS NULL OR (told.occurred_at, told.external_id) < (c.seen_at, known.external_id)
    ) AS first
    WHERE c.id = first.id
    RETURNING c.id, c.seen_at, first.is_news
)
INSERT INTO accounts_placedirty (contact_id, since) SELECT id, seen_at FROM seen WHERE is_news
"""


@transaction.atomic
def place_contacts(*, looked_at: int | None) -> None:
    """Place whom the newest waiting calls, so many or for None all, put at accounts that are known by now."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_LATE, {"looked_at": looked_at})
        cursor.execute(_KNOWN, {"looked_at": looked_at})
        calls = [call for (call,) in cursor.fetchall()]
    place_by(calls)


def place_by(calls: Sequence[int]) -> None:
    """Place the contacts of these calls (ids) that have just become known; they are locked already."""
    if not calls:
        return
    with connection.cursor() as cursor:
        for statement in (_MARK, _PLACE):
            cursor.execute(statement, {"calls": list(calls)})


def see_first(text: str, positions: Sequence[int]) -> None:
    """Remember the first events that told where their contacts were, and place by them whom no call has placed.

    `text` is the rows as JSON, `positions` those of the events that may be the first.
    """
    parameters: dict[str, Any] = {"rows": text, "positions": list(positions)}
    with connection.cursor() as cursor:
        for statement in (_LOCK_SEEN, _SEE):
            cursor.execute(statement, parameters)
