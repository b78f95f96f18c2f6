"""Fault rows 8 and 9 in their full form: ends under load, of the application's own processes and of PostgreSQL."""

from tests.benchmarks.results import Result
from tests.faults.drain import LIMIT_SECONDS, drain
from tests.faults.stopped_database import EVENTS_A_BATCH, stop_database
from tests.faults.whole import demo

ENDS = 10
STOPS = 10
# At least 300,000 events.
BATCHES = 3_000


def run() -> list[Result]:
    """The demo application on durable engines, under its own supervisor."""
    with demo() as application:
        drained = drain(application, ENDS)
        stopped = stop_database(application, BATCHES, STOPS)
    slowest = max(drained.seconds)
    told = dict(drained.answers)
    away = {str(status): number for status, number in stopped.answers.items()}
    return [
        Result("faults", f"8 slowest of {2 * ENDS} ends", slowest, "s", "under 30 s", slowest < LIMIT_SECONDS),
        Result("faults", "8 accounts sent meanwhile", drained.accounts, "accounts", detail={"answers": told}),
        Result("faults", "8 events and offers lost", drained.lost, "rows", "none", drained.lost == 0),
        Result("faults", "8 events and offers doubled", drained.doubled, "rows", "none", drained.doubled == 0),
        Result(
            *("faults", f"9 events acknowledged through {STOPS} stops", stopped.acknowledged, "events"),
            *("at least 300,000", stopped.acknowledged >= BATCHES * EVENTS_A_BATCH, {"answers": away}),
        ),
        Result("faults", "9 acknowledged events lost", stopped.lost, "events", "none", stopped.lost == 0),
        Result("faults", "9 events doubled", stopped.doubled, "events", "none", stopped.doubled == 0),
        Result(
            *("faults", "9 answers 503 without Retry-After", stopped.without_retry_after, "answers"),
            *("none", stopped.without_retry_after == 0),
        ),
        Result("faults", "9 answers 500", stopped.answers[500], "answers", "none", stopped.answers[500] == 0),
        Result("faults", "9 longest until PostgreSQL is back", stopped.longest_away, "s"),
    ]
