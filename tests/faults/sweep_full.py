"""Fault rows 1, 2, 5, 6 and 7 of the evaluation, in their full form; row 4 is that of `faults-broker`.

Worker, web server and beat are the real processes, on durable engines; the days of
row 6 are told.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import stage
from tests.benchmarks.results import Result
from tests.faults import plant

KILLS, ACCOUNTS = 20, 20_000
DEATHS = 50
DAYS = 20
LONG = 40
# 18 s of ringing every 0.05 s are the 360 rings of half an hour. Five kinds of task ring.
SILENT_SECONDS, KINDS = 18.0, 5


def run() -> list[Result]:
    """Each row on what the one before left behind."""
    now = datetime.now(UTC)
    with stage.engines(), TemporaryDirectory(prefix="loyalty-faults-") as folder:
        # Models can be imported only once the engines have told the settings where they are.
        from tests.factories import AccountFactory
        from tests.faults.begun_twice import begin_twice
        from tests.faults.sweep_kills import hold_while_nobody_listens, kill_sweeps, stand_down
        from tests.faults.two_beats import beat_twice
        from tests.faults.unpublished import LIMIT_SECONDS, die_unpublished
        from tests.rewards.campaigns.made import campaign_on, know

        killed = kill_sweeps(KILLS, ACCOUNTS, now)
        _say(f"row 1: {killed.made_before}, {killed.lost} lost, {killed.doubled} doubled")
        with plant.broker() as broker:
            # What the killed workers had begun is theirs until the broker takes it back, and no message of row 5.
            broker.flushdb()
        held, marks = hold_while_nobody_listens(SILENT_SECONDS, now)
        _say(f"row 5: {held} messages for {marks} marks")
        stand_down()
        unpublished = die_unpublished(DEATHS, plant.programme())
        _say(f"row 2: {unpublished}")
        campaign_on("seat_utilisation", parameters={"percent": 90}, key="long")
        accounts = [AccountFactory(external_id=f"long-{n}", name=f"Long {n}") for n in range(LONG)]
        for account in accounts:
            know(account, 0, seat_utilisation=0.95)
        twice = begin_twice(accounts)
        _say(f"row 7: {twice}")
        with plant.broker() as broker:
            broker.flushdb()
            beaten = beat_twice(DAYS, broker, Path(folder))
    same = killed.lost == killed.doubled == 0
    nights = len(beaten.nights) == DAYS and set(beaten.nights.values()) == {1} and not beaten.unfinished
    once = unpublished.with_offer == unpublished.offers == unpublished.deaths >= DEATHS
    return [
        Result(
            *("faults", f"1 kills amid {ACCOUNTS:,} accounts", len(killed.made_before), "kills"),
            detail={"offers before each": killed.made_before},
        ),
        Result("faults", "1 offers of an undisturbed run", len(killed.undisturbed), "offers"),
        Result("faults", "1 offers lost", killed.lost, "offers", "none", same),
        Result("faults", "1 offers doubled or not of that run", killed.doubled, "offers", "none", same),
        Result("faults", "5 marks made without a worker", marks, "marks"),
        Result("faults", "5 messages meanwhile, at most", held, "messages", "at most 10", held <= 2 * KINDS),
        Result("faults", "2 deaths after a commit", unpublished.deaths, "", "50 or more", unpublished.deaths >= DEATHS),
        Result("faults", "2 offers all the same", unpublished.offers, "offers", "as many", once),
        Result(
            *("faults", "2 slowest of them", unpublished.slowest, "s"),
            *("within 60 s", unpublished.slowest <= LIMIT_SECONDS),
        ),
        Result("faults", "7 messages begun twice", twice.messages, "messages", "some", twice.messages > 0),
        Result(
            *("faults", f"7 offers for {LONG} accounts", twice.offers, "offers"),
            *(f"exactly {LONG}", twice.offers == twice.with_offer == LONG),
        ),
        Result("faults", f"6 nights of {DAYS} days", len(beaten.nights), "nights", "each once", nights),
        Result("faults", "6 jobs of these nights", beaten.jobs, "jobs", "one a step", beaten.steps == {7}),
    ]


def _say(words: str) -> None:
    """Tell how far it is: all of it takes some minutes."""
    sys.stderr.write(f"{words}\n")
