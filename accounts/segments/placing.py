"""The statement that writes who is in which segment on the rows of the facts.

A rule is asked of the row of its day, by the version in force on it; only rows
that come out differently are written. Rows are fetched account by account
(OFFSET 0), and those to be written named by account as well: joined as they stand,
all rows of the day would be read for each range of accounts, because statistics do
not know a day that is only being worked out. Parameters besides those of the rules: `accounts` and
`first_days` (arrays, side by side), `first_day` and `last_day`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from accounts.conditions.rules.predicate import Predicate, predicate
from accounts.conditions.rules.vocabulary import ROW, Vocabulary
from accounts.segments.inforce import InForce

_PLACE = """
WITH placed AS MATERIALIZED (
    SELECT account_id, day, now
    FROM (SELECT asked.*, {ordered} AS now FROM (
        SELECT {row}.account_id, {row}.day, {row}.segments AS held, {row}.primary_segment AS held_first{answers}
        FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
        CROSS JOIN LATERAL (
            SELECT * FROM accounts_accountfacts f WHERE f.account_id = t.account_id AND f.day >= t.first_day
                AND f.day >= %(first_day)s::date AND f.day <= %(last_day)s::date OFFSET 0
        ) AS {row}
        OFFSET 0
    ) AS asked OFFSET 0) AS answered
    WHERE (held, held_first) IS DISTINCT FROM (now, now[1])
), written AS (
    UPDATE accounts_accountfacts AS kept SET segments = p.now, primary_segment = p.now[1]
    FROM placed p
    WHERE kept.account_id = p.account_id AND kept.day = p.day
      AND kept.day >= %(first_day)s::date AND kept.day <= %(last_day)s::date
      AND kept.account_id = ANY (%(accounts)s::bigint[])
    RETURNING kept.account_id
)
SELECT array_agg(DISTINCT account_id ORDER BY account_id) FROM written
"""


def place_statement(versions: Sequence[InForce], words: Vocabulary) -> Predicate:
    """The statement for these versions; it returns the accounts of which a row was written, or null."""
    columns = {segment: f"m{segment}" for segment in sorted({v.segment_id for v in versions})}
    params: dict[str, Any] = {}
    answers = ""
    for segment, column in columns.items():
        cases = []
        for version in versions:
            if version.segment_id == segment and version.is_live:
                rule = predicate(version.rule, words, f"s{segment}v{version.version}_")
                params |= rule.params
                cases.append(f"WHEN {_on(version, f'{ROW}.day', params)} THEN {rule.sql}")
        asked = f"CASE {' '.join(cases)} END" if cases else "false"
        answers += f",\n            ({asked}) IS TRUE AS {column}"
    return Predicate(_PLACE.format(row=ROW, answers=answers, ordered=_ordered(versions, columns, params)), params)


def _ordered(versions: Sequence[InForce], columns: Mapping[int, str], params: dict[str, Any]) -> str:
    """The keys of the segments that match, by the priorities of the day."""
    spells = [(day, _in_order(versions, day)) for day in sorted({v.first for v in versions})]
    orders = [(order, list(days)[0][0]) for order, days in groupby(spells, key=lambda spell: spell[1])]
    cases = []
    for order, first in reversed(orders):
        name = f"since{len(params)}"
        params[name] = first
        keys = []
        for segment, key in order:
            params[f"key{segment}"] = key
            keys.append(f"CASE WHEN {columns[segment]} THEN %(key{segment})s END")
        cases.append(f"WHEN day >= %({name})s::date THEN array_remove(ARRAY[{', '.join(keys)}], NULL)")
    whole = f"CASE {' '.join(cases)} ELSE '{{}}' END" if cases else "'{}'"
    return f"({whole})::varchar(60)[]"


def _in_order(versions: Sequence[InForce], day: date) -> list[tuple[int, str]]:
    held = [v for v in versions if v.first <= day and (v.until is None or v.until > day) and v.is_live]
    return [(v.segment_id, v.key) for v in sorted(held, key=lambda v: (v.priority, v.key))]


def _on(version: InForce, day: str, params: dict[str, Any]) -> str:
    """SQL for "the version is in force on the day"."""
    first = f"first{version.segment_id}v{version.version}"
    params[first] = version.first
    if version.until is None:
        return f"{day} >= %({first})s::date"
    until = f"until{version.segment_id}v{version.version}"
    params[until] = version.until
    return f"{day} >= %({first})s::date AND {day} < %({until})s::date"
