"""Fault row 2: a web process dies between commit and publish, over and over; what it took in is worked on still."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from loyalty.engines.processes import wait_until
from tests.benchmarks import stage
from tests.faults import plant
from tests.faults.sending import batch_of, offers, post

LIMIT_SECONDS = 60.0
PREFIX = "unpublished"
PROPOSED = """
SELECT a.external_id, o.proposed_at FROM rewards_offer o
JOIN accounts_account a ON a.id = o.account_id WHERE a.external_id LIKE %s
"""


@dataclass(frozen=True)
class Unpublished:
    """Deaths, accounts whose batch was not answered, those with an offer, their offers, and seconds of the slowest."""

    deaths: int
    with_offer: int
    offers: int
    slowest: float


def die_unpublished(times: int, key: str) -> Unpublished:
    """Send a batch that often to a web server whose process dies of it; nobody sends anything again."""
    os.environ["GUNICORN_CMD_ARGS"] = f"--config {Path(__file__).with_name('dying_web.py')}"
    sent: dict[str, datetime] = {}
    deaths = 0
    try:
        with stage.web() as port, plant.beat(), plant.worker():
            for number in range(times):
                sent[f"{PREFIX}-{number:05}"] = datetime.now(UTC)
                deaths += _is_cut_off(f"http://127.0.0.1:{port}", key, number)
            with stage.owner() as database:
                wait_until(lambda: offers(database, PREFIX)[0] >= times, 2 * LIMIT_SECONDS, every=0.1)
                with_offer, total = offers(database, PREFIX)
                rows = database.execute(PROPOSED, [f"{PREFIX}-%"]).fetchall()
    finally:
        del os.environ["GUNICORN_CMD_ARGS"]
    slowest = max(((at - sent[name]).total_seconds() for name, at in rows), default=float("inf"))
    return Unpublished(deaths, with_offer, total, slowest)


def _is_cut_off(url: str, key: str, number: int) -> bool:
    """Send one batch; whether there was no answer."""
    try:
        post(url, key, batch_of([number], PREFIX))
    except OSError:
        return True
    return False
