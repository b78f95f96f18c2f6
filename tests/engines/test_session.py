"""Several processes on one data dir: one starts the engines, the last one out stops them."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty.engines import Session, broker, layout, postgres, processes
from loyalty.engines.layout import Layout
from tests.engine_plugin import PLACE_PREFIX
from tests.engines.conftest import Hold


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One data dir for all tests of this file, as making a cluster is what takes longest."""
    made = Path(tempfile.mkdtemp(prefix=PLACE_PREFIX))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def places(folder: Path) -> Iterator[Layout]:
    """Its places; nothing runs there after a test. Asked for before `hold`, so that its holders end first."""
    yield layout.resolve(folder / "data")
    Session(layout.resolve(folder / "data")).end_abandoned()


def test_of_two_that_race_one_starts_and_the_other_attaches(places: Layout, hold: Hold) -> None:
    told = [holder.told() for holder in [hold(places.data_dir), hold(places.data_dir)]]
    assert sorted(len(t["started"]) for t in told) == [0, 2]
    assert told[0]["postgres"] == told[1]["postgres"]
    assert told[0]["broker"] == told[1]["broker"]
    assert [t["role"] for t in told] == ["loyalty_app", "loyalty_app"]


def test_the_last_one_out_stops_the_engines(places: Layout, hold: Hold) -> None:
    first, second = hold(places.data_dir), hold(places.data_dir)
    first.told()
    second.told()
    assert first.leave() is False
    assert broker.answers(places) is True
    assert postgres.ready(places) is True
    assert second.leave() is True
    assert (postgres.process_id(places), broker.process_id(places)) == (0, 0)
    assert not places.socket_dir.exists()


def test_after_kill_9_of_the_user_the_next_one_attaches_and_stops_them(places: Layout, hold: Hold) -> None:
    killed = hold(places.data_dir)
    before = killed.told()
    killed.process.kill()
    killed.process.wait()
    assert postgres.process_id(places) == before["postgres"]
    following = hold(places.data_dir)
    after = following.told()
    assert (after["started"], after["postgres"], after["broker"]) == ([], before["postgres"], before["broker"])
    assert following.leave() is True
    assert (postgres.process_id(places), broker.process_id(places)) == (0, 0)


def test_after_kill_9_of_everything_the_next_one_starts_anew(places: Layout, hold: Hold) -> None:
    killed = hold(places.data_dir)
    before = killed.told()
    for pid in (killed.process.pid, before["postgres"], before["broker"]):
        os.kill(pid, signal.SIGKILL)
    after = hold(places.data_dir).told()
    assert after["started"] == ["PostgreSQL", "the broker"]
    assert after["role"] == "loyalty_app"


def test_abandoned_engines_are_ended_only_when_nobody_uses_them(places: Layout, hold: Hold, place: Path) -> None:
    assert Session(layout.resolve(place / "never-used")).end_abandoned() is False
    user = hold(places.data_dir)
    user.told()
    assert Session(places).end_abandoned() is False
    assert broker.answers(places) is True
    user.process.kill()
    user.process.wait()
    assert Session(places).end_abandoned() is True
    assert (postgres.process_id(places), broker.process_id(places)) == (0, 0)


def test_a_broker_that_was_killed_is_replaced(places: Layout) -> None:
    session = Session(places, with_postgres=False)
    session.start()
    killed = broker.process_id(places)
    os.kill(killed, signal.SIGKILL)
    assert processes.wait_until(lambda: broker.process_id(places) == 0, 5)
    assert session.revive() == ["the broker"]
    assert session.revive() == []
    assert broker.process_id(places) not in (0, killed)
    assert broker.answers(places) is True
    session.stop()


def test_one_engine_can_be_left_out(places: Layout) -> None:
    session = Session(places, with_postgres=False)
    assert session.start() == ["the broker"]
    assert postgres.process_id(places) == 0
    assert session.stop() is True
