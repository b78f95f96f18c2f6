"""Fault rows 8 and 9 in their full form: ends under load, of the application's own processes and of PostgreSQL."""

from tests.benchmarks.results import Result
from tests.faults.drain import LIMIT_SECONDS, drain
from tests.faults.stopped_database import EVENTS_A_BATCH, stop_database
from tests.faults.stopped_postings import CENT, stop_amid_redemptions
from tests.faults.whole import demo

ENDS = 10
STOPS = 10
# At least 300,000 events.
BATCHES = 3_000
REDEMPTIONS = 3_000


def run() -> list[Result]:
    """The demo application on durable engines, under its own supervisor."""
    with demo() as application:
        drained = drain(application, ENDS)
        stopped = stop_database(application, BATCHES, STOPS)
        spent = stop_amid_redemptions(application, REDEMPTIONS, STOPS)
    expected = REDEMPTIONS * CENT
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
        Result(
            *("faults", f"9 redemptions acknowledged through {STOPS} stops", spent.acknowledged, "redemptions"),
            *(f"{REDEMPTIONS:,}, each written once", (spent.acknowledged, spent.written) == (REDEMPTIONS,) * 2),
            {"answers": {str(status): number for status, number in spent.answers.items()}},
        ),
        Result(
            *("faults", "9 answers that say something else than what is kept", spent.answered_otherwise, "answers"),
            *("none", spent.answered_otherwise == 0),
        ),
        Result("faults", "9 credit gone", float(spent.gone), "$", f"exactly {expected}", spent.gone == expected),
        Result("faults", "9 what check_ledger finds", len(spent.check), "letters", "none", not spent.check),
    ]
