"""Whom an edit of a segment moves now, and what it would have made of last year.

Measured by the rule's own predicate over the facts of the days, as they stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from accounts.conditions.moves import accounts_text, names_text
from accounts.conditions.queries import Moved, moved, vocabulary
from accounts.conditions.rules.predicate import predicate
from accounts.conditions.rules.reading import read_rule
from accounts.conditions.rules.tree import Node
from accounts.conditions.rules.vocabulary import ROW, Vocabulary
from accounts.facts.queries import latest_day
from accounts.segments.inforce import NOBODY
from accounts.segments.rules import NOT_FOR_SEGMENTS, SegmentStatus

MEASURED_DAYS = 365


@dataclass(frozen=True)
class Year:
    """What a rule makes of the MEASURED_DAYS days that end with `Measured.day`.

    `accounts` were in it at some time; `account_days` are their days in it added
    up; `entries` are days in it after a day outside of it.
    """

    accounts: int
    account_days: int
    entries: int


@dataclass(frozen=True)
class Measured:
    """An edit, measured: whom it moves as things stand, and last year before and after it."""

    moved: Moved
    before: Year
    after: Year

    def sentences(self) -> list[str]:
        """The impact of the edit, for whoever decides it."""
        if self.moved.day is None:
            return ["No facts have been worked out yet, so nobody moves."]
        return [*self._now(), self._last_year()]

    def _now(self) -> list[str]:
        m = self.moved
        if not m.enters and not m.leaves:
            return [f"Nobody enters and nobody leaves now: {accounts_text(m.after)} as before."]
        told = []
        if m.enters:
            names = names_text(m.entering, m.enters)
            told.append(f"{accounts_text(m.enters)} {_verb(m.enters, 'enter')} now: {names}.")
        if m.leaves:
            names = names_text(m.leaving, m.leaves)
            told.append(f"{accounts_text(m.leaves)} {_verb(m.leaves, 'leave')} now: {names}.")
        return told

    def _last_year(self) -> str:
        after, before = self.after, self.before
        return (
            f"Over the last {MEASURED_DAYS} days: {accounts_text(after.accounts)} in it at some time"
            f" (now {before.accounts:,}), {after.entries:,} entries (now {before.entries:,}),"
            f" {after.account_days:,} days of accounts in it (now {before.account_days:,})."
        )


def measure(now: Mapping[str, Any], values: Mapping[str, Any]) -> Measured:
    """Measure the values of an edit against those of now; both have `status` and `rule`. Raises BadRule."""
    words = vocabulary(without=NOT_FOR_SEGMENTS)
    before, after = _rule_of(now, words), _rule_of(values, words)
    day = latest_day()
    if day is None:
        nothing = Year(0, 0, 0)
        return Measured(moved(before, after, words), nothing, nothing)
    return Measured(moved(before, after, words), *_last_year(before, after, words, day))


def _rule_of(values: Mapping[str, Any], words: Vocabulary) -> Node:
    return read_rule(values["rule"], words) if values["status"] == SegmentStatus.LIVE else NOBODY


def _last_year(before: Node, after: Node, words: Vocabulary, day: date) -> tuple[Year, Year]:
    """Both years by one reading of the facts; only the days that match are looked at further."""
    old, new = predicate(before, words, "old_"), predicate(after, words, "new_")
    statement = f"""
        WITH asked AS (
            SELECT {ROW}.account_id, {ROW}.day, ({old.sql}) IS TRUE AS was, ({new.sql}) IS TRUE AS becomes
            FROM accounts_accountfacts {ROW} WHERE {ROW}.day > %(before_first)s AND {ROW}.day <= %(day)s
        ), sides AS (
            SELECT s.side, a.account_id, a.day,
                   lag(a.day) OVER (PARTITION BY s.side, a.account_id ORDER BY a.day) AS day_before
            FROM asked a
            CROSS JOIN LATERAL (VALUES (1, a.was), (2, a.becomes)) AS s(side, matches)
            WHERE s.matches
        )
        SELECT side, count(DISTINCT account_id), count(*),
               count(*) FILTER (WHERE day_before IS DISTINCT FROM day - 1 AND day > %(before_first)s + 1)
        FROM sides GROUP BY side
    """
    params = {**old.params, **new.params, "day": day, "before_first": day - timedelta(days=MEASURED_DAYS)}
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found = {side: Year(*counts) for side, *counts in cursor.fetchall()}
    return found.get(1, Year(0, 0, 0)), found.get(2, Year(0, 0, 0))


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb
