"""What places accounts reads their own rows, and not those of all that were worked out that day."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection

from accounts.segments.following import place as place_in_segments
from accounts.tiers.following import place as place_in_tiers
from accounts.tiers.verbs import ensure_shipped
from tests.factories import SegmentFactory

pytestmark = pytest.mark.django_db
DAY, DAY_BEFORE = date(2026, 3, 31), date(2026, 3, 30)
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
ACCOUNTS, ASKED = 2000, 20
FILL = """
INSERT INTO accounts_account (external_id, name, industry, country, goals, plan_segment, time_zone, traits, created_at)
SELECT 'a-' || n, 'A', '', '', '', '', '', '{}', now() FROM generate_series(1, %(accounts)s) n
"""
FACTS = """
INSERT INTO accounts_accountfacts (day, account_id, seats_active, days_since_sign_up)
SELECT %(day)s, id, 40, 500 FROM accounts_account
"""


@pytest.fixture
def some() -> Mapping[int, date]:
    """A few of many accounts, on a day that the planner has not seen yet: statistics are of the day before."""
    SegmentFactory(rule={"op": "compare", "fact": "seats_active", "is": ">=", "value": "3"}, effective_at=SINCE)
    ensure_shipped(effective_at=SINCE)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"accounts": ACCOUNTS})
        cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [DAY_BEFORE, DAY])
        cursor.execute(FACTS, {"day": DAY_BEFORE})
        cursor.execute("ANALYZE accounts_accountfacts")
        cursor.execute(FACTS, {"day": DAY})
        cursor.execute("SELECT id FROM accounts_account ORDER BY id OFFSET 100 LIMIT %s", [ASKED])
        return {pk: DAY for (pk,) in cursor.fetchall()}


@pytest.mark.parametrize("place", [place_in_segments, place_in_tiers], ids=["segments", "tiers"])
def test_rows_of_other_accounts_are_not_read(some: Mapping[int, date], place: Callable[..., int]) -> None:
    read: list[int] = []

    def explained(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "UPDATE" in sql and "SET" in sql:
            with connection.connection.cursor() as cursor:
                # What it writes is taken back, and written by the statement itself afterwards.
                cursor.execute("SAVEPOINT explained")
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                (told,) = cursor.fetchone()
                cursor.execute("ROLLBACK TO explained")
            read.append(sum(_rows_of_facts(told[0]["Plan"])))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        assert place(some, DAY) == ASKED
    assert read
    # Of each account the day, the day before, and the day again to write it, some of them twice.
    assert max(read) <= 10 * ASKED


def _rows_of_facts(node: dict[str, Any]) -> Iterator[float]:
    """Rows that each scan of the facts gives or drops."""
    if node.get("Relation Name", "").startswith("accounts_accountfacts") and "Scan" in node["Node Type"]:
        yield node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    for below in node.get("Plans", []):
        yield from _rows_of_facts(below)
