"""The commands of the README, run as a person runs them."""

import json
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from loyalty.engines import broker, ports, postgres, processes
from tests.engines.application import Application, clean_environ

GOOD = {"LOYALTY_ADMIN_USERNAME": "ada", "LOYALTY_ADMIN_PASSWORD": "a-long-enough-phrase-7"}


@pytest.fixture
def demo(place: Path) -> Iterator[Application]:
    application = Application(place / "data", "demo", "--json", "--accounts", "20")
    yield application
    if application.process:
        application.end(signal.SIGINT)


def fails(application: Application) -> tuple[str, str]:
    """What a start that must fail says on stdout and on stderr; it leaves nothing running."""
    done = subprocess.run(
        application.argv(),
        env=application.environ,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 1
    assert (postgres.process_id(application.places), broker.process_id(application.places)) == (0, 0)
    return done.stdout, done.stderr


def test_demo_starts_survives_kill_9_and_stops(demo: Application) -> None:
    first = demo.start()
    assert {u["function"] for u in first["users"]} == {"finance", "product", "cs", "administrator"}
    assert [s["kind"] for s in first["sources"]] == ["account", "usage", "subscription", "support", "feedback"]
    assert demo.get("/readyz")[0] == 200
    assert demo.get("/")[0] == 302
    status, page = demo.get("/no-such-page")
    assert (status, "URLconf" in page) in ((404, False), (302, False))
    kept = demo.places.data_dir / "demo-access.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["users"] == first["users"]

    own = demo.programs()
    # The master of web with two workers, that of the worker with two, and the beat.
    assert len(own) == 7
    demo.end(signal.SIGKILL)
    assert processes.wait_until(lambda: not any(processes.command_line(pid) for pid in own), 20)

    second = demo.start()
    assert second["users"] == first["users"]
    assert second["sources"] == first["sources"]
    assert demo.end(signal.SIGINT) == 0
    assert (postgres.process_id(demo.places), broker.process_id(demo.places)) == (0, 0)
    with socket.socket() as line:
        port = urlsplit(second["url"]).port
        assert line.connect_ex((ports.HOST, port)) != 0


def test_a_taken_port_is_told_before_anything_starts(place: Path) -> None:
    with socket.socket() as other:
        other.bind((ports.HOST, 0))
        other.listen()
        taken = str(other.getsockname()[1])
        stdout, stderr = fails(Application(place / "data", "up", "--json", "--port", taken, **GOOD))
    assert stdout == ""
    assert f"Cannot listen on port {taken}" in stderr
    assert not (place / "data" / "postgres").exists()


def test_up_needs_a_first_administrator(place: Path) -> None:
    for environ, reason in (
        ({}, "Set LOYALTY_ADMIN_USERNAME and LOYALTY_ADMIN_PASSWORD"),
        (GOOD | {"LOYALTY_ADMIN_PASSWORD": "short"}, "too short"),
    ):
        stdout, stderr = fails(Application(place / "data", "up", "--json", **environ))
        assert stdout == ""
        assert reason in stderr
        assert "Traceback" not in stderr


def test_a_command_brings_the_engines_for_its_own_time(place: Path) -> None:
    application = Application(place / "data", "showmigrations", "--plan")
    done = subprocess.run(application.argv(), env=clean_environ(), capture_output=True, text=True, check=True)
    assert "core.0001_initial" in done.stdout
    assert (postgres.process_id(application.places), broker.process_id(application.places)) == (0, 0)
