"""One PostgreSQL and one broker for the whole test run.

Loaded with `-p tests.engine_plugin`, so that they run before Django reads its
settings. The controlling process starts and stops them; workers of
pytest-xdist attach, each with a test database and a broker number of its own.
With DATABASE_URL or REDIS_URL set, those are used instead.
"""

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from loyalty.engines import Session, layout, locate

PREFIX = "loyalty-tests-"
PLACE_PREFIX = "loyalty-place-"
# Some tests abandon engines on purpose; an hour later none of them still runs.
PLACE_SECONDS = 3600


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Start the engines before any other plugin reads the settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        number = int(worker.removeprefix("gw")) % 15 + 1
        if locate().embedded_broker:
            os.environ["REDIS_URL"] = f"unix://{locate().places.broker_socket}?db={number}"
    else:
        early_config.add_cleanup(start())
    return (yield)


def start() -> "Ending":
    """Start the engines in a folder of their own; returns what ends them and removes it."""
    end_abandoned()
    os.environ["LOYALTY_DB_ROLE"] = "owner"
    os.environ.setdefault("SECRET_KEY", "of-the-test-run-only")
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    # The engines' account must be able to pass through when the suite runs as root.
    folder.chmod(0o711)
    os.environ["LOYALTY_DATA_DIR"] = str(folder)
    share_compiled(folder)
    found = locate()
    session = Session(found.places, with_postgres=found.embedded, with_broker=found.embedded_broker, durable=False)
    ending = Ending(session)
    atexit.register(ending)
    session.start()
    return ending


def share_compiled(folder: Path) -> None:
    """Let the processes of the run share compiled modules in the folder, where Python may not write them elsewhere.

    Tests start the application as processes; each would compile all modules anew, for seconds.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")


class Ending:
    """Stops the engines of a run and removes their folders; calling it twice does no harm."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def __call__(self) -> None:
        self.session.stop()
        for folder in (self.session.places.engine_dir, self.session.places.data_dir):
            shutil.rmtree(folder, ignore_errors=True)


def end_abandoned() -> None:
    """End what an earlier run left behind when it was killed."""
    for folder in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        if folder.stat().st_uid == os.geteuid():
            session = Session(layout.resolve(folder))
            if session.end_abandoned():
                Ending(session)()
    for folder in Path(tempfile.gettempdir()).glob(PLACE_PREFIX + "*"):
        status = folder.stat()
        if status.st_uid == os.geteuid() and status.st_mtime < time.time() - PLACE_SECONDS:
            for used in folder.rglob("engines.used"):
                Session(layout.resolve(used.parent)).end_abandoned()
            shutil.rmtree(folder, ignore_errors=True)
