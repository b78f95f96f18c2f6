"""Faults of the broker, done to the whole application (rows 3 and 4 of the list of faults).

Each scenario returns what it found, so that the suite can run it short and the
benchmarks long.
"""

import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from redis import Redis

from loyalty.core.doorbell import heartbeat
from loyalty.engines import broker, processes
from tests.engines.application import Application
from tests.faults.browser import Browser
from tests.faults.sending import batch_of, offers, post

DOWN_SECONDS = 3.0
LIMIT_SECONDS = 30.0


@dataclass
class Broken:
    """What killing the broker did: seconds to the next consumed task, and every answer of a page."""

    seconds_to_consume: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


def kill_broker(application: Application, times: int) -> Broken:
    """Kill the broker, keep it down for 3 s, let it come back, and time the worker; pages are asked all along."""
    found = Broken()
    with asking(application, found.answers):
        for _ in range(times):
            pid = broker.process_id(application.places)
            with nothing_starts(application):
                os.kill(pid, signal.SIGKILL)
                time.sleep(DOWN_SECONDS)
            assert processes.wait_until(lambda: broker.answers(application.places), 10.0)
            back = time.monotonic()
            # The broker is empty, so any heartbeat in it is of a task consumed since.
            processes.wait_until(lambda: last_heartbeat(application) is not None, 2 * LIMIT_SECONDS)
            found.seconds_to_consume.append(time.monotonic() - back)
    return found


@dataclass(frozen=True)
class Emptied:
    """What emptying the broker did: messages that were lost, offers made for how many accounts, and the session."""

    lost_messages: int
    accounts: int
    accounts_with_offer: int
    offers: int
    still_signed_in: bool


def empty_broker(application: Application, accounts: int) -> Emptied:
    """Stop the worker, let work pile up, empty the broker, go on; every account gets its one offer."""
    person = application.ready["users"][0]
    browser = Browser(application.ready["url"])
    browser.sign_in(person["username"], person["password"])
    key = next(s["key"] for s in application.ready["sources"] if s["kind"] == "usage")
    worker = worker_of(application)
    os.kill(worker, signal.SIGSTOP)
    try:
        for first in range(0, accounts, 100):
            post(application.ready["url"], key, batch_of(range(first, min(first + 100, accounts))))
        # The worker may have taken a ring just before it stopped, which serves for a second: the beat rings the next.
        processes.wait_until(lambda: len_of_queue(application) > 0, LIMIT_SECONDS)
        lost = len_of_queue(application)
        with broker_of(application) as client:
            client.flushall()
    finally:
        os.kill(worker, signal.SIGCONT)
    processes.wait_until(lambda: offers_in(application)[0] >= accounts, 60.0, every=0.2)
    with_offer, total = offers_in(application)
    status, home = browser.get("/")
    return Emptied(lost, accounts, with_offer, total, status == 200 and "Sign out" in home)


def offers_in(application: Application) -> tuple[int, int]:
    """The accounts of this scenario that have an offer, and their offers."""
    with application.database() as connection:
        return offers(connection)


@contextmanager
def asking(application: Application, answers: list[int]) -> Iterator[None]:
    """Ask for a page over and over in the background; `answers` gets each status."""
    enough = threading.Event()

    def ask() -> None:
        while not enough.wait(0.2):
            answers.append(application.get("/sign-in/")[0])

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield
    finally:
        enough.set()
        asker.join()


@contextmanager
def nothing_starts(application: Application) -> Iterator[None]:
    """Keep the supervisor from starting an engine, by the lock that it takes for it."""
    handle = os.open(application.places.data_dir / "engines.lock", os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def broker_of(application: Application) -> Redis:
    return Redis.from_url(f"unix://{application.places.broker_socket}?db=0", socket_timeout=5)


def last_heartbeat(application: Application) -> object:
    with broker_of(application) as client:
        return client.get(heartbeat.KEY)


def len_of_queue(application: Application) -> int:
    with broker_of(application) as client:
        return int(client.llen("celery") or 0)


def worker_of(application: Application) -> int:
    """The process id of the worker's master."""
    return next(pid for pid in application.programs() if "--concurrency" in processes.command_line(pid))
