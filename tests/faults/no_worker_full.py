"""Fault row 5 in its full form: the real beat and the real web server ring, and for a long time nobody listens.

The time of the half hour is compressed: the bell rings a hundred times as often
as it does. That somebody is told is measured in the seconds of the clock.
"""

import os
import time

from loyalty.engines.processes import wait_until
from tests.benchmarks import stage
from tests.benchmarks.results import Result
from tests.faults import plant
from tests.faults.browser import Browser
from tests.faults.sending import batch_of, offers, post

ACCOUNTS = 274
# 18 s of ringing every 0.05 s are the 360 rings of half an hour; twice that for good measure.
RUSHED = {"DOORBELL_SECONDS": "0.05"}
SILENT_SECONDS = 36.0
ALERT_SECONDS = 120.0
PASSWORD = "a-long-enough-phrase-7"


def run() -> list[Result]:
    """One process of web, beat and worker each, on durable engines."""
    with stage.engines():
        key = plant.programme()
        with stage.web() as port:
            url = f"http://127.0.0.1:{port}"
            unready, warned = _alerts(url)
        os.environ |= RUSHED
        with stage.web() as port, plant.beat(**RUSHED):
            held = _silence(f"http://127.0.0.1:{port}", key)
            with plant.worker(**RUSHED), stage.owner() as database:
                begun = time.monotonic()
                served = wait_until(lambda: offers(database)[0] >= ACCOUNTS, 120.0, every=0.1)
                took = time.monotonic() - begun
                wait_until(lambda: plant.messages_held() == 0, 5.0)
                with_offer, total = offers(database)
    once = served and with_offer == total == ACCOUNTS
    return [
        Result("faults", "5 /readyz is not ready", unready, "s", "within 120 s", unready <= ALERT_SECONDS),
        Result("faults", "5 every page warns", warned, "s", "within 120 s", warned <= ALERT_SECONDS),
        Result("faults", "5 accounts that wait for the worker", ACCOUNTS, "accounts"),
        Result("faults", "5 messages in the broker, at most", held, "messages", "at most 8", held <= 2 * 4),
        Result("faults", "5 offers once a worker is back", total, "offers", f"exactly {ACCOUNTS}", once),
        Result("faults", "5 until the last of them", took, "s"),
    ]


def _alerts(url: str) -> tuple[float, float]:
    """Let a worker be seen, kill it, and time until /readyz and a page say so."""
    from loyalty.core.people.verbs import create_person

    create_person("ada", "Ada Novak", PASSWORD, functions=[], is_administrator=True, acting_user=None)
    browser = Browser(url)
    browser.sign_in("ada", PASSWORD)
    with plant.beat(), plant.worker():
        assert wait_until(lambda: browser.get("/readyz")[0] == 200, 60.0, every=0.2)
    begun = time.monotonic()
    unready = warned = 0.0
    while not (unready and warned) and time.monotonic() - begun < 2 * ALERT_SECONDS:
        since = time.monotonic() - begun
        if not unready and browser.get("/readyz")[0] == 503:
            unready = since
        if not warned and "facts and offers wait" in browser.get("/jobs/")[1]:
            warned = since
        time.sleep(0.5)
    return unready or float("inf"), warned or float("inf")


def _silence(url: str, key: str) -> int:
    """Send, ring, and count what the broker holds; the most that it held."""
    most, begun, sent = 0, time.monotonic(), 0
    while (passed := time.monotonic() - begun) < SILENT_SECONDS:
        due = min(ACCOUNTS, int(ACCOUNTS * passed / (SILENT_SECONDS - 5)) + 1)
        if due > sent:
            post(url, key, batch_of(range(sent, due)))
            sent = due
        most = max(most, plant.messages_held())
        time.sleep(0.02)
    return most
