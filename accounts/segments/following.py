"""Segments follow the facts: who is in which on the days that were worked out, and who came and went.

Invariants: rows and moves are written in the transaction that holds the locks of
the accounts; the same facts and versions give the same segments and moves, in
whatever order and batches they were told; a second run writes nothing.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from django.db import connection

from accounts.facts.placing import place_in_ranges, side_by_side, to_look_at
from accounts.segments.inforce import history, words_of_segments
from accounts.segments.moving import move_statement
from accounts.segments.placing import place_statement

_TO_LOOK_AT = to_look_at("accounts_segmentmove")


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
        cursor.execute(placing.sql, {**placing.params, **side_by_side(first_days), **span})
        written = cursor.fetchone()[0] or []
        cursor.execute(_TO_LOOK_AT, {**side_by_side(first_days), **span, "written": written})
        moved = {account: first_days[account] for (account,) in cursor.fetchall()}
        if not moved:
            return 0
        moving = move_statement(known, versions, words)
        cursor.execute(moving.sql, {**moving.params, **side_by_side(moved), **span})
        return int(cursor.fetchone()[0])


def place_all(first_day: date, last_day: date | None = None) -> int:
    """Place all accounts on the days [first_day, last_day] (UTC); by default on the one day.

    The step of the nightly run after the facts and the cut points of the scores. Accounts are taken
    in ranges, each a transaction of its own; harmless to repeat. Returns how many moves were
    written or corrected.
    """
    return place_in_ranges(place, first_day, last_day or first_day)
