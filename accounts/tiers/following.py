"""Tiers follow the facts: who holds which on the days that were worked out, and who rose and fell.

Invariants: rows and moves are written in the transaction that holds the locks of
the accounts; the same facts and versions give the same tiers and moves, in
whatever order and batches they were told; a second run writes nothing.
"""

from collections.abc import Mapping
from datetime import date

from django.db import connection

from accounts.facts.placing import place_in_ranges, side_by_side, to_look_at
from accounts.tiers.inforce import history
from accounts.tiers.moving import move_statement
from accounts.tiers.placing import place_statement

_TO_LOOK_AT = to_look_at("accounts_tiermove")


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
        span = {**side_by_side(first_days), "last_day": last_day}
        cursor.execute(placing.sql, {**placing.params, **span, "first_day": min(first_days.values())})
        written = cursor.fetchone()[0] or []
        cursor.execute(_TO_LOOK_AT, {**span, "written": written})
        moved = {account: first_days[account] for (account,) in cursor.fetchall()}
        if not moved:
            return 0
        moving = move_statement(versions)
        cursor.execute(moving.sql, {**moving.params, **side_by_side(moved), "last_day": last_day})
        return int(cursor.fetchone()[0])


def place_all(first_day: date, last_day: date | None = None) -> int:
    """Rank all accounts on the days [first_day, last_day] (UTC); by default on the one day.

    The step of the nightly run after the segments. Accounts are taken in ranges, each a
    transaction of its own; harmless to repeat. Returns how many moves were written or corrected.
    """
    return place_in_ranges(place, first_day, last_day or first_day)


def place_anew() -> int:
    """Rank all accounts by the scheme of now on the latest day with facts, within one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(day) FROM accounts_accountfacts")
        (latest,) = cursor.fetchone()
    return place_all(latest) if latest else 0
