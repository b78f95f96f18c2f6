"""The peer in Python: the `rule-engine` package evaluates every campaign for every account, and writes nothing.

Facts come by one streamed query with only the columns that the rules look at,
and the dated facts with only the rows since the campaigns run. A day before today
is looked at only where today is true, and the audience only where something fired.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import rule_engine
from psycopg.rows import dict_row

from tests.benchmarks import stage
from tests.benchmarks.sweep_rules import WINDOW_DAYS, Match, as_text, asked_now, began_on, columns_of

_DATED = """
SELECT account_id, 'milestone' AS kind, named.key AS object, (reached_at AT TIME ZONE 'UTC')::date AS day, fires
FROM accounts_milestonereach AS fact JOIN accounts_milestone AS named ON named.id = fact.milestone_id
WHERE reached_at >= %(since)s AND reached_at <= %(now)s
UNION ALL
SELECT account_id, 'segment', named.key, day, fires AND entered AND withdrawn_at IS NULL
FROM accounts_segmentmove AS fact JOIN accounts_segment AS named ON named.id = fact.segment_id
WHERE day >= %(since)s::date
UNION ALL
SELECT account_id, 'tier', named.key, day, fires AND is_up AND withdrawn_at IS NULL
FROM accounts_tiermove AS fact JOIN accounts_tier AS named ON named.id = fact.tier_id WHERE day >= %(since)s::date
"""


def match_by_rule_engine(now: datetime) -> tuple[float, list[Match]]:
    """Seconds, and what matched."""
    began = time.perf_counter()
    asked = asked_now(now)
    since = min(one.campaign.live_since for one in asked if one.campaign.live_since)
    conditions = [
        (one.campaign.key, _rule(as_text(one.condition)), _rule(as_text(one.audience)))
        for one in asked
        if one.condition
    ]
    dated = [
        (one.campaign.key, _rule(_happened(one.campaign.trigger_kind, one.object)), _rule(as_text(one.audience)))
        for one in asked
        if not one.condition
    ]
    with stage.owner() as line:
        rows = line.cursor(row_factory=dict_row).execute(_DATED, {"since": since, "now": now}).fetchall()
    happened = defaultdict(list)
    for row in rows:
        happened[row["account_id"]].append(row)
    found: list[Match] = []
    for account, days in _facts(columns_of(asked), now):
        today = days[now.date()]
        for key, rule, audience in conditions:
            day = began_on(rule.matches, days, now.date())
            if day and audience.matches(today):
                found.append((key, account, day))
        for row in happened.get(account, ()):
            found += [
                (key, account, row["day"])
                for key, rule, audience in dated
                if rule.matches(row) and audience.matches(today)
            ]
    return time.perf_counter() - began, found


def _rule(text: str) -> rule_engine.Rule:
    return rule_engine.Rule(text)


def _happened(kind: str, named: str | None) -> str:
    told = f' and object == "{named}"' if named else ""
    return f'fires and kind == "{kind}"{told}'


def _facts(columns: list[str], now: datetime) -> Iterator[tuple[int, dict[Any, dict[str, Any]]]]:
    """Of each account its rows by day."""
    with stage.owner() as line:
        line.autocommit = False
        cursor = line.cursor("facts", row_factory=dict_row)
        cursor.itersize = 5000
        cursor.execute(
            f"SELECT account_id, day, {', '.join(columns)} FROM accounts_accountfacts"
            " WHERE day BETWEEN %s AND %s ORDER BY account_id",
            [now.date() - timedelta(days=WINDOW_DAYS), now.date()],
        )
        for account, rows in groupby(cursor, itemgetter("account_id")):
            yield account, {row["day"]: row for row in rows}
