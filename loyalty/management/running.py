"""Runs the whole application on this machine: engines, web, worker and beat.

Shared by `demo` and `up`, which differ in what they put into the database.
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from celery import current_app
from django.conf import settings
from django.db import connections
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from loyalty.core.doorbell import heartbeat
from loyalty.engines import Endpoints, EngineError, Session, layout, locate, ports, processes
from loyalty.engines.layout import CHECKOUT
from loyalty.engines.progress import Progress
from loyalty.engines.supervisor import Program, Supervisor
from loyalty.engines.watchdog import Pulse, Watchdog

READY_SECONDS = 90.0
FAILURES_TO_GIVE_UP = 3
WEB, WORKER, BEAT = "web", "worker", "beat"
# Celery keeps a message here from the moment that a worker takes it until it is done.
IN_HAND_KEY = "unacked"


@dataclass(frozen=True)
class Options:
    """`port` None means the first free one. `announce` gets the address once it answers."""

    port: int | None
    announce: Callable[[str], None]


def run(options: Options, progress: Progress, fill: Callable[[Endpoints], None]) -> None:
    """Start everything, call `fill` on the migrated database, announce, and stay until Ctrl-C.

    SIGTERM and a closed terminal count as Ctrl-C. Raises EngineError with the
    reason when something does not start; whatever did start is stopped.
    """
    # Ctrl-C too: a shell starts a background job with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    found = locate()
    supervisor: Supervisor | None = None
    session = Session(
        found.places,
        with_postgres=found.embedded,
        with_broker=found.embedded_broker,
        report=progress.line,
    )
    try:
        with ports.listen(options.port) as listener:
            url = f"http://{ports.HOST}:{listener.getsockname()[1]}"
            layout.prepare(found.places)
            session.start()
            progress.line("Preparing the tables")
            _migrate()
            fill(found)
            connections.close_all()
            progress.line("Starting web, worker and beat")
            os.environ.setdefault("PUBLIC_ADDRESS", url)
            supervisor = _supervisor(found, listener.fileno(), session, progress)
            supervisor.start()
            _await_ready(supervisor, listener.getsockname()[1])
            progress.line("Ready")
            options.announce(url)
            supervisor.run()
    except KeyboardInterrupt:
        progress.line("Stopping")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if supervisor:
            supervisor.stop()
        session.stop()
    progress.line("Stopped")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _migrate() -> None:
    """Migrate in a process of its own, because only the owner of the tables may and we are not."""
    argv = [sys.executable, str(CHECKOUT / "manage.py"), "migrate", "--no-input", "--skip-checks", "--verbosity=0"]
    environ = _environ() | {"LOYALTY_DB_ROLE": "owner"}
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EngineError(f"The tables could not be prepared:\n{done.stderr[-3000:].removeprefix('CommandError: ')}")


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "DEBUG"}
    modules = os.pathsep.join(filter(None, [str(CHECKOUT), kept.get("PYTHONPATH")]))
    return kept | {"LOYALTY_DB_ROLE": "app", "PYTHONUNBUFFERED": "1", "PYTHONPATH": modules}


def _supervisor(found: Endpoints, listener: int, session: Session, progress: Progress) -> Supervisor:
    programs = _programs(found.places.log_dir, found.data_dir, listener, _environ())
    watchdog = Watchdog(_pulse, time.monotonic())
    return Supervisor(programs, session=session, watchdog=watchdog, watched=(WORKER, BEAT), report=progress.line)


def _programs(logs: Path, data_dir: Path, listener: int, environ: Mapping[str, str]) -> list[Program]:
    celery = [sys.executable, "-m", "celery", "--app", "loyalty", "--workdir", str(CHECKOUT)]
    web = [
        *(sys.executable, "-m", "gunicorn", "loyalty.wsgi", "--chdir", str(CHECKOUT)),
        *("--bind", f"fd://{listener}", "--no-control-socket", "--graceful-timeout", "8"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
    ]
    worker = [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    beat = [*celery, "beat", "--schedule", str(data_dir / "beat-schedule"), "--pidfile", "", "--loglevel", "INFO"]
    return [
        Program(WEB, web, logs / "web.log", environ, last_words=signal.SIGQUIT, keep_files=[listener]),
        # Killed together with the supervisor, it gives its tasks back; stopped, it finishes them.
        Program(WORKER, worker, logs / "worker.log", environ, last_words=signal.SIGQUIT, stop_seconds=30.0),
        Program(BEAT, beat, logs / "beat.log", environ, last_words=signal.SIGTERM),
    ]


def _pulse() -> Pulse | None:
    """Read the worker's pulse out of the broker; None when the broker does not answer."""
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            mark, in_hand = client.get(heartbeat.KEY), client.hkeys(IN_HAND_KEY)
    except (RedisError, OSError):
        return None
    tags = frozenset(tag.decode() for tag in in_hand if isinstance(tag, bytes)) if isinstance(in_hand, list) else None
    return Pulse(mark.decode() if isinstance(mark, bytes) else "", tags or frozenset())


def _await_ready(supervisor: Supervisor, port: int) -> None:
    """Wait until /readyz says 200: database, tables, broker, and a worker that consumes."""
    _send_first_heartbeat()
    answer = "no answer"

    def ready() -> bool:
        nonlocal answer
        supervisor.tick(time.monotonic())
        status, answer = _ask(port)
        return status == http.client.OK or supervisor.most_failures() > FAILURES_TO_GIVE_UP

    if not processes.wait_until(ready, READY_SECONDS, every=0.2) or supervisor.most_failures() > FAILURES_TO_GIVE_UP:
        logs = [child.program.log for child in supervisor.children]
        told = "\n".join(processes.tail(log) for log in logs)
        raise EngineError(f"The application does not get ready: {answer}\n{told}")


def _send_first_heartbeat() -> None:
    """Let the worker show that it consumes before the schedule's first turn, which is 5 s away."""
    try:
        current_app.send_task("loyalty.heartbeat", expires=READY_SECONDS, retry=False)
    except (OperationalError, OSError):
        return


def _ask(port: int) -> tuple[int, str]:
    line = http.client.HTTPConnection(ports.HOST, port, timeout=10)
    try:
        line.request("GET", "/readyz")
        response = line.getresponse()
        return response.status, response.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        line.close()
