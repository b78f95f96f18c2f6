"""Places for engines of a test's own, beside those that serve the run."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from loyalty.engines import Session, layout, postgres
from loyalty.engines.layout import CHECKOUT, Layout
from tests.engine_plugin import PLACE_PREFIX


@pytest.fixture
def place() -> Iterator[Path]:
    """A short folder that the engines' account can pass through; what runs in it is ended after the test."""
    folder = Path(tempfile.mkdtemp(prefix=PLACE_PREFIX))
    folder.chmod(0o711)
    yield folder
    for used in folder.rglob("engines.used"):
        places = layout.resolve(used.parent, fallbacks=[folder])
        Session(places).end_abandoned()
    shutil.rmtree(folder)


@pytest.fixture
def open_session() -> Iterator[Callable[[Layout], Session]]:
    """Start a session that is stopped after the test."""
    opened: list[Session] = []

    def start(places: Layout) -> Session:
        session = Session(places, durable=False)
        opened.append(session)
        session.start()
        return session

    yield start
    for session in opened:
        session.stop()


def connect(places: Layout, role: str = postgres.OWNER_ROLE, database: str = postgres.DATABASE) -> psycopg.Connection:
    """Connect to the engines of `places`."""
    return psycopg.connect(host=str(places.socket_dir), port=postgres.PORT, user=role, dbname=database, autocommit=True)


Hold = Callable[..., "Holder"]


class Holder:
    """A process of `tests.engines.holder`."""

    def __init__(self, *arguments: object) -> None:
        argv = [sys.executable, "-m", "tests.engines.holder", *map(str, arguments)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)

    def told(self) -> dict[str, Any]:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline() or "{}")

    def leave(self) -> bool:
        assert self.process.stdin
        self.process.stdin.close()
        return bool(self.told().get("stopped"))

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream and not stream.closed:
                stream.close()


@pytest.fixture
def hold() -> Iterator[Hold]:
    held: list[Holder] = []

    def start(*arguments: object) -> Holder:
        held.append(Holder(*arguments))
        return held[-1]

    yield start
    for holder in held:
        holder.end()
