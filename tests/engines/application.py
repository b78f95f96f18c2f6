"""The whole application in a process of its own, as the README starts it."""

import json
import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from loyalty.engines import layout, postgres, processes
from loyalty.engines.layout import CHECKOUT, Layout

SETTINGS_OF_THE_RUN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE", "DEBUG")


class Application:
    """`manage.py COMMAND --json` on one data dir; may be started more than once."""

    def __init__(self, data_dir: Path, *command: str, **environ: str) -> None:
        self.command = command
        self.environ = clean_environ() | environ
        self.places: Layout = layout.resolve(data_dir)
        self.process: subprocess.Popen[str] | None = None
        self.ready: dict[str, Any] = {}
        self.started_in = 0.0

    def start(self) -> dict[str, Any]:
        """Start and wait for the line of JSON; the log of progress goes to the test's output."""
        began = time.monotonic()
        self.process = subprocess.Popen(self.argv(), stdout=subprocess.PIPE, text=True, env=self.environ, cwd="/")
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the application ended before it was ready"
        self.started_in = time.monotonic() - began
        self.ready = json.loads(line)
        return self.ready

    def argv(self) -> list[str]:
        return [sys.executable, str(CHECKOUT / "manage.py"), *self.command, "--data-dir", str(self.places.data_dir)]

    def get(self, path: str) -> tuple[int, str]:
        """The answer to GET: its status (0 for none at all) and its text."""
        line = HTTPConnection(urlsplit(self.ready["url"]).netloc, timeout=20)
        try:
            line.request("GET", path)
            response = line.getresponse()
            return response.status, response.read().decode()
        except (OSError, HTTPException) as error:
            return 0, str(error)
        finally:
            line.close()

    def becomes_ready(self, seconds: float) -> bool:
        return processes.wait_until(lambda: self.get("/readyz")[0] == 200, seconds, every=0.1)

    def database(self) -> psycopg.Connection:
        """A connection as the owner of the tables; every statement sees what is committed when it runs."""
        return psycopg.connect(
            host=str(self.places.socket_dir),
            port=postgres.PORT,
            user=postgres.OWNER_ROLE,
            dbname=postgres.DATABASE,
            autocommit=True,
        )

    def programs(self) -> list[int]:
        """The process ids of web, worker and beat, with their own children; engines left out."""
        assert self.process
        own = [pid for pid in children(self.process.pid) if str(self.places.engine_dir / "postgres") not in text(pid)]
        own = [pid for pid in own if str(self.places.broker_dir) not in text(pid)]
        return own + [grandchild for pid in own for grandchild in children(pid)]

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; returns the exit status."""
        assert self.process
        assert self.process.stdout
        self.process.send_signal(number)
        status = self.process.wait(60)
        self.process.stdout.close()
        self.process = None
        return status


def clean_environ() -> dict[str, str]:
    """The environment without what this test run has set for itself."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in SETTINGS_OF_THE_RUN and not name.startswith(("LOYALTY_", "PYTEST_"))
    }


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def text(pid: int) -> str:
    return " ".join(processes.command_line(pid))
