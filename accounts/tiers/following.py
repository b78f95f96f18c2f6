"""Tiers follow the facts: who holds which on the days that were worked out, and who rose and fell.

Invariants: rows and moves are written in the transaction that holds the locks of
the accounts; the same facts and versions give the same tiers and moves, in
whatever order and batches they were told; a second run writes nothing.
"""

from collections.abc import Mapping
from datetime import date

from django.db import connection, transaction

from accounts.facts.verbs import lock_accounts, ranges_of_accounts
from accounts.tiers.inforce import history
from accounts.tiers.moving import move_statement
from accounts.tiers.placing import place_statement

# Accounts whose rows were written, and those with moves that the new facts may correct.
_TO_LOOK_AT = """
SELECT account_id FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
WHERE account_id = ANY (%(written)s::bigint[]) OR EXISTS (
    SELECT FROM accounts_tiermove m
    WHERE m.account_id = t.account_id AND m.day >= t.first_day AND m.day <= %(last_day)s::date + 1
      AND m.withdrawn_at IS NULL)
ORDER BY account_id
"""


def follow(first_days: Mapping[int, date], last_day: date) -> None:
    """Rank accounts anew on each day from their first (account id → day, UTC) to `last_day`.

    The accounts are locked by the caller.
    """
    place(first_days, last_day)


def place(first_days: Mapping[int, date], last_day: date) -> int:
    """As `follow`; returns how many moves were written, corrected or withdrawn."""
    versions = history()
    if not first_days or not versions:
        return 0
    with connection.cursor() as cursor:
        placing = place_statement(versions)
        span = {**_side_by_side(first_days), "last_day": last_day}
        cursor.execute(placing.sql, {**placing.params, **span, "first_day": min(first_days.values())})
        written = cursor.fetchone()[0] or []
        cursor.execute(_TO_LOOK_AT, {**span, "written": written})
        moved = {account: first_days[account] for (account,) in cursor.fetchall()}
        if not moved:
            return 0
        moving = move_statement(versions)
        cursor.execute(moving.sql, {**moving.params, **_side_by_side(moved), "last_day": last_day})
        return int(cursor.fetchone()[0])


def place_all(first_day: date, last_day: date | None = None) -> int:
    """Rank all accounts on the days [first_day, last_day] (UTC); by default on the one day.

    The step of the nightly run after the segments. Accounts are taken in ranges, each a
    transaction of its own; harmless to repeat. Returns how many moves were written or corrected.
    """
    total = 0
    for ids in ranges_of_accounts(None):
        with transaction.atomic():
            total += place(dict.fromkeys(lock_accounts(ids), first_day), last_day or first_day)
    return total


def place_anew() -> int:
    """Rank all accounts by the scheme of now on the latest day with facts, within one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(day) FROM accounts_accountfacts")
        (latest,) = cursor.fetchone()
    return place_all(latest) if latest else 0


def _side_by_side(first_days: Mapping[int, date]) -> dict[str, list[int] | list[date]]:
    return {"accounts": list(first_days), "first_days": list(first_days.values())}
