"""The liability page against a full scan, with two million postings on durable PostgreSQL.

Both sides come to the same figures: the roll-forward of all months, and what is left by month of expiry,
campaign, reward, tier and segment. The page reads its summaries and what is not in them yet; the scan reads
all postings with the statements that prove the summaries each night.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from tests.benchmarks import stage
from tests.benchmarks.results import Result

POSTINGS = int(os.environ.get("LIABILITY_POSTINGS", "2000000"))
WAITING = 1_000
SCANS, READS = 3, 30
MOST_SHARE = 0.01


def run() -> list[Result]:
    """Fill, fold all but the last thousand postings, then measure both sides in turns."""
    with stage.engines():
        from django.db import connection
        from django.test import Client

        from loyalty.core.people.rules import Function
        from rewards.ledger.cells import MOVED_BY_ALL, OPENED
        from rewards.ledger.folding import fold
        from rewards.ledger.queries import liability, months_until
        from rewards.ledger.snapshot import one_snapshot
        from rewards.ledger.standing import standing_of
        from tests.benchmarks.books import LEFT, POSTINGS_A_LOT, fill
        from tests.factories import PersonFactory

        today = datetime.now(UTC).date()
        fill(POSTINGS - WAITING, today)
        folding = _seconds(fold)
        fill(WAITING, today)

        def scan() -> None:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT month, kind, sum(amount) FROM ({MOVED_BY_ALL}) AS moved"
                    " WHERE currency = 'USD' GROUP BY 1, 2"
                )
                cursor.execute(
                    f"WITH moved AS ({MOVED_BY_ALL}), opened AS ({OPENED})"
                    " SELECT expires_in, campaign_id, reward_id, tier, segment, sum(amount) FROM opened"
                    " WHERE currency = 'USD'"
                    " GROUP BY GROUPING SETS ((expires_in), (campaign_id), (reward_id), (tier), (segment))"
                )

        def read() -> None:
            with one_snapshot():
                standing_of("USD", months_until(today))

        standing = standing_of("USD", months_until(today))
        expected = POSTINGS // POSTINGS_A_LOT * LEFT
        if not standing.holds or not standing.owed == liability("USD") == expected:
            raise RuntimeError(f"The page says {standing.owed}, the postings {liability('USD')}, not {expected}.")
        client = Client(SERVER_NAME="localhost")
        client.force_login(PersonFactory(functions=[Function.FINANCE]))

        def ask() -> None:
            answer = client.get("/liability/", secure=True, headers={"host": "localhost"})
            if answer.status_code != 200:
                raise RuntimeError(f"The page answered {answer.status_code}.")

        ask()
        scanning = median(_seconds(scan) for _ in range(SCANS))
        reading = median(_seconds(read) for _ in range(READS))
        page = median(_seconds(ask) for _ in range(READS))
    share = reading / scanning
    return [
        Result("liability", f"full scan of {POSTINGS:,} postings", round(scanning * 1000, 1), "ms"),
        Result("liability", f"the page's figures, {WAITING:,} postings not folded", round(reading * 1000, 2), "ms"),
        Result(
            "liability",
            "figures : full scan",
            round(share * 100, 3),
            "%",
            f"at most {MOST_SHARE:.0%}",
            share <= MOST_SHARE,
        ),
        Result("liability", "the whole page", round(page * 1000, 1), "ms"),
        Result("liability", f"folding {POSTINGS - WAITING:,} postings", round(folding, 2), "s"),
    ]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
