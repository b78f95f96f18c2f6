"""Asking the facts with a rule: who matches on a day, whom an edit moves, and why one account does or does not.

Everything here runs the one predicate of `rules/predicate.py`.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.conditions.registry import registered_choices, registered_facts
from accounts.conditions.rules.explaining import Told, explained, reasons, sentence
from accounts.conditions.rules.predicate import Predicate, predicate
from accounts.conditions.rules.tree import Node, facts_of, walk
from accounts.conditions.rules.vocabulary import ROW, Vocabulary, base_vocabulary
from accounts.facts.queries import AS_THINGS_STAND, latest_day

SAMPLE = 5

ON_THE_DAY = f"{ROW}.day = %(day)s"


def vocabulary(without: Collection[str] = ()) -> Vocabulary:
    """All that a rule may speak of now, but for `without`: a segment's rule cannot speak of segments."""
    known = base_vocabulary(registered_choices()) | registered_facts()
    return {name: fact for name, fact in known.items() if name not in without}


@dataclass(frozen=True)
class Matching:
    """How many accounts match on a day (UTC), and the first few by name: (id, name). `day` None: no facts yet."""

    day: date | None
    count: int
    of: int
    sample: list[tuple[int, str]]


def matching(node: Node, words: Vocabulary, *, day: date | None = None) -> Matching:
    """Who matches a rule on a day; by default as things stand on the latest day with facts."""
    on, rows = (day, ON_THE_DAY) if day else (latest_day(), AS_THINGS_STAND)
    if on is None:
        return Matching(None, 0, 0, [])
    rule = predicate(node, words, "r_")
    statement = f"""
        WITH asked AS MATERIALIZED (
            SELECT {ROW}.account_id, ({rule.sql}) IS TRUE AS matches
            FROM accounts_accountfacts {ROW} WHERE {rows}
        ), named AS (
            SELECT a.id, a.name FROM asked JOIN accounts_account a ON a.id = asked.account_id
            WHERE asked.matches ORDER BY a.name, a.id LIMIT {SAMPLE}
        )
        SELECT (SELECT count(*) FROM asked WHERE matches), (SELECT count(*) FROM asked),
               (SELECT coalesce(jsonb_agg(jsonb_build_array(id, name) ORDER BY name, id), '[]') FROM named)::text
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {**rule.params, "day": on})
        count, of, sample = cursor.fetchone()
    return Matching(on, count, of, _pairs(sample))


@dataclass(frozen=True)
class Moved:
    """Whom an edit of a rule moves on a day: counts, and the first few by name on either side."""

    day: date | None
    before: int
    after: int
    enters: int
    leaves: int
    entering: list[tuple[int, str]]
    leaving: list[tuple[int, str]]


def moved(before: Node, after: Node, words: Vocabulary, *, day: date | None = None) -> Moved:
    """Who enters and who leaves when one rule takes the place of another; by default as things stand."""
    on, rows = (day, ON_THE_DAY) if day else (latest_day(), AS_THINGS_STAND)
    if on is None:
        return Moved(None, 0, 0, 0, 0, [], [])
    old, new = predicate(before, words, "old_"), predicate(after, words, "new_")
    statement = f"""
        WITH asked AS MATERIALIZED (
            SELECT {ROW}.account_id, ({old.sql}) IS TRUE AS was, ({new.sql}) IS TRUE AS becomes
            FROM accounts_accountfacts {ROW} WHERE {rows}
        ), named AS (
            SELECT n.becomes, a.id, a.name, row_number() OVER (PARTITION BY n.becomes ORDER BY a.name, a.id) AS place
            FROM asked n JOIN accounts_account a ON a.id = n.account_id
            WHERE n.was <> n.becomes
        )
        SELECT count(*) FILTER (WHERE was), count(*) FILTER (WHERE becomes),
               count(*) FILTER (WHERE becomes AND NOT was), count(*) FILTER (WHERE was AND NOT becomes),
               (SELECT coalesce(jsonb_agg(jsonb_build_array(id, name) ORDER BY place), '[]')
                FROM named WHERE becomes AND place <= {SAMPLE})::text,
               (SELECT coalesce(jsonb_agg(jsonb_build_array(id, name) ORDER BY place), '[]')
                FROM named WHERE NOT becomes AND place <= {SAMPLE})::text
        FROM asked
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {**old.params, **new.params, "day": on})
        was, becomes, enters, leaves, entering, leaving = cursor.fetchone()
    return Moved(on, was, becomes, enters, leaves, _pairs(entering), _pairs(leaving))


@dataclass(frozen=True)
class Explained:
    """Why a rule matches an account on a day, or why not: as a sentence, and as the end of one."""

    day: date
    told: Told
    sentence: str
    reasons: str


def explain(node: Node, words: Vocabulary, account_id: int, *, day: date) -> Explained | None:
    """The truth of each condition for one account on a day (UTC); None when no facts are kept of that day."""
    asked = [_numbered(part, words, n) for n, part in enumerate(walk(node))]
    named = facts_of(node)
    columns = [p.sql for p in asked] + [words[name].on(ROW) for name in named]
    statement = f"""
        SELECT {", ".join(columns)} FROM accounts_accountfacts {ROW}
        WHERE {ROW}.account_id = %(account)s AND {ROW}.day = %(day)s
    """
    params: dict[str, Any] = {"account": account_id, "day": day}
    for one in asked:
        params |= one.params
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        row = cursor.fetchone()
    if row is None:
        return None
    truths, values = row[: len(asked)], dict(zip(named, row[len(asked) :], strict=True))
    told = explained(node, truths, values, words, settings.REPORTING_CURRENCY)
    return Explained(day, told, sentence(told, node), reasons(told, node))


def _numbered(part: Node, words: Vocabulary, number: int) -> Predicate:
    return predicate(part, words, f"n{number}_")


def _pairs(raw: Any) -> list[tuple[int, str]]:
    found = json.loads(raw) if isinstance(raw, str) else raw
    return [(int(pk), str(name)) for pk, name in found]
