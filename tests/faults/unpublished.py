"""Fault row 2: a web process dies between commit and publish, over and over; what it took in is worked on still.

A death counts when what the process took in stands in the database. On a busy machine a new process is so long
in coming that a client gives up waiting; that process may then die of one request with the next one still unread.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import psycopg

from loyalty.engines.processes import wait_until
from tests.benchmarks import stage
from tests.faults import plant
from tests.faults.sending import batch_of, offers, post

LIMIT_SECONDS = 60.0
PREFIX = "unpublished"
TAKEN_IN = "SELECT count(*) FROM accounts_event WHERE message_id LIKE %s"
SLOWEST = """
SELECT extract(epoch FROM max(o.proposed_at - e.received_at)) FROM accounts_event e
LEFT JOIN rewards_offer o ON o.account_id = e.account_id WHERE e.message_id LIKE %s
"""


@dataclass(frozen=True)
class Unpublished:
    """Deaths after a commit, accounts with an offer, their offers, and seconds of the slowest from commit to offer."""

    deaths: int
    with_offer: int
    offers: int
    slowest: float


def die_unpublished(times: int, key: str) -> Unpublished:
    """Send batches to a web server whose processes die of them, until so many died; nobody sends anything again."""
    os.environ["GUNICORN_CMD_ARGS"] = f"--config {Path(__file__).with_name('dying_web.py')}"
    deaths = 0
    try:
        with stage.web() as port, plant.beat(), plant.worker(), stage.owner() as database:
            for number in range(2 * times):
                if deaths >= times:
                    break
                if _is_cut_off(f"http://127.0.0.1:{port}", key, number):
                    deaths = int(_count(database, TAKEN_IN))
            wait_until(lambda: offers(database, PREFIX)[0] >= deaths, 2 * LIMIT_SECONDS, every=0.1)
            with_offer, total = offers(database, PREFIX)
            deaths, slowest = int(_count(database, TAKEN_IN)), _count(database, SLOWEST)
    finally:
        del os.environ["GUNICORN_CMD_ARGS"]
    return Unpublished(deaths, with_offer, total, slowest)


def _count(database: psycopg.Connection, question: str) -> float:
    row = database.execute(question, [f"{PREFIX}-%-t"]).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def _is_cut_off(url: str, key: str, number: int) -> bool:
    """Send one batch; whether there was no answer."""
    try:
        post(url, key, batch_of([number], PREFIX))
    except OSError:
        return True
    return False
