"""The processes of the application one by one, on the engines of `tests.benchmarks.stage`, to be started and killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from redis import Redis

from loyalty.engines import locate
from loyalty.engines.layout import CHECKOUT

CELERY = [sys.executable, "-m", "celery", "--app", "loyalty", "--workdir", str(CHECKOUT)]
WORKER = [*CELERY, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]


class Running:
    """One process with its children, in a group of its own."""

    def __init__(self, argv: list[str], **environ: str) -> None:
        self.process = subprocess.Popen(argv, env=os.environ | environ, start_new_session=True)

    def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = 60.0) -> None:
        """Send a signal (SIGKILL: to the whole group) and wait for the end."""
        with suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        self.process.wait(seconds)


@contextmanager
def worker(**environ: str) -> Iterator[Running]:
    """A worker with two processes, as the demo runs it."""
    running = Running(WORKER, **environ)
    try:
        yield running
    finally:
        running.end(signal.SIGKILL)


@contextmanager
def beat(**environ: str) -> Iterator[Running]:
    """The beat; DOORBELL_SECONDS says how often it rings."""
    schedule = str(locate().data_dir / "beat-schedule")
    running = Running([*CELERY, "beat", "--schedule", schedule, "--pidfile", "", "--loglevel", "ERROR"], **environ)
    try:
        yield running
    finally:
        running.end(signal.SIGKILL)


def broker() -> Redis:
    """A client of the broker."""
    return Redis.from_url(settings.REDIS_URL, socket_timeout=5)


def messages_held() -> int:
    """What the broker holds for workers: waiting, or taken and not done."""
    with broker() as client:
        return int(client.llen("celery")) + int(client.hlen("unacked"))


def programme() -> str:
    """A live campaign on a milestone and a source for use and accounts, on empty tables; returns the source's key."""
    # Models can be imported only once the engines have told the settings where they are.
    from tests.factories import CampaignFactory

    CampaignFactory()
    return two_keys()[0]


def two_keys() -> tuple[str, str]:
    """A source for use and accounts, and two keys of it."""
    from accounts.sources.rules import Kind
    from accounts.sources.verbs import create_source, make_key

    source = create_source("Product", [Kind.USAGE, Kind.ACCOUNT], acting_user=None)
    return make_key(source, acting_user=None), make_key(source, acting_user=None)
