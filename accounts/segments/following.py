"""Segments follow the facts: who is in which on the days that were worked out, and who came and went.

Invariants: rows and moves are written in the transaction that holds the locks of
the accounts; the same facts and versions give the same segments and moves, in
whatever order and batches they were told; a second run writes nothing.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from django.db import connection, transaction

from accounts.facts.verbs import lock_accounts, ranges_of_accounts
from accounts.segments.inforce import history, words_of_segments
from accounts.segments.moving import move_statement
from accounts.segments.placing import place_statement

# Accounts whose rows were written, and those with moves that the new facts may correct.
_TO_LOOK_AT = """
SELECT account_id FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
WHERE account_id = ANY (%(written)s::bigint[]) OR EXISTS (
    SELECT FROM accounts_segmentmove m
    WHERE m.account_id = t.account_id AND m.day >= t.first_day AND m.day <= %(last_day)s::date + 1
      AND m.withdrawn_at IS NULL)
ORDER BY account_id
"""


def follow(first_days: Mapping[int, date], last_day: date) -> None:
    """Place accounts anew on each day from their first (account id → day, UTC) to `last_day`.

    The accounts are locked by the caller.
    """
    place(first_days, last_day)


def place(first_days: Mapping[int, date], last_day: date) -> int:
    """As `follow`; returns how many moves were written, corrected or withdrawn."""
    words = words_of_segments()
    known = history(words)
    if not first_days or not known:
        return 0
    first_day = min(first_days.values())
    versions = [v for v in known if v.touches(first_day, last_day + timedelta(days=1))]
    span = {"first_day": first_day, "last_day": last_day}
    with connection.cursor() as cursor:
        placing = place_statement(versions, words)
        cursor.execute(placing.sql, {**placing.params, **_side_by_side(first_days), **span})
        written = cursor.fetchone()[0] or []
        cursor.execute(_TO_LOOK_AT, {**_side_by_side(first_days), **span, "written": written})
        moved = {account: first_days[account] for (account,) in cursor.fetchall()}
        if not moved:
            return 0
        moving = move_statement(known, versions, words)
        cursor.execute(moving.sql, {**moving.params, **_side_by_side(moved), **span})
        return int(cursor.fetchone()[0])


def place_all(first_day: date, last_day: date | None = None) -> int:
    """Place all accounts on the days [first_day, last_day] (UTC); by default on the one day.

    The step of the nightly run after the facts and the cut points of the scores. Accounts are taken
    in ranges, each a transaction of its own; harmless to repeat. Returns how many moves were
    written or corrected.
    """
    total = 0
    for ids in ranges_of_accounts(None):
        with transaction.atomic():
            total += place(dict.fromkeys(lock_accounts(ids), first_day), last_day or first_day)
    return total


def _side_by_side(first_days: Mapping[int, date]) -> dict[str, list[int] | list[date]]:
    return {"accounts": list(first_days), "first_days": list(first_days.values())}
