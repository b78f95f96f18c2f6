"""A broker that dies or forgets costs seconds, never work (short form)."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine_plugin import PLACE_PREFIX
from tests.engines.application import Application
from tests.faults.broker import LIMIT_SECONDS, empty_broker, kill_broker

ACCOUNTS = 600
KILLS = 2


@pytest.fixture(scope="module")
def demo() -> Iterator[Application]:
    folder = Path(tempfile.mkdtemp(prefix=PLACE_PREFIX))
    folder.chmod(0o711)
    application = Application(folder / "data", "demo", "--json", "--accounts", "20")
    application.start()
    yield application
    application.end(signal.SIGINT)
    shutil.rmtree(folder)


def test_a_killed_broker_costs_the_worker_less_than_30_seconds_and_no_page(demo: Application) -> None:
    found = kill_broker(demo, KILLS)
    assert [seconds < LIMIT_SECONDS for seconds in found.seconds_to_consume] == [True] * KILLS
    assert set(found.answers) == {200}


def test_an_emptied_broker_loses_and_doubles_nothing(demo: Application) -> None:
    found = empty_broker(demo, ACCOUNTS)
    assert found.lost_messages > 0
    assert (found.accounts_with_offer, found.offers) == (ACCOUNTS, ACCOUNTS)
    assert found.still_signed_in is True
