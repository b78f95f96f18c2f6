"""The embedded broker: Valkey on a private Unix socket, nothing kept on disk.

It is only a doorbell. What must happen is a row in PostgreSQL and a sweep
finds what was not rung for; so an emptied broker loses nothing, and writing
it to disk would only bring back work that was done in the meantime.
All calls expect the caller to hold the engine lock.
"""

import signal
import socket
from pathlib import Path

from loyalty.engines import processes
from loyalty.engines.binaries import Binaries
from loyalty.engines.errors import EngineError
from loyalty.engines.layout import Layout

START_SECONDS = 20.0
ANSWER_SECONDS = 2.0


def log_file(layout: Layout) -> Path:
    """The server's log."""
    return layout.log_dir / "broker.log"


def process_id(layout: Layout) -> int:
    """The process id of the running broker of this installation, or 0."""
    try:
        pid = int((layout.broker_dir / "broker.pid").read_text())
    except (OSError, ValueError):
        return 0
    return pid if processes.runs(pid, str(layout.broker_dir)) else 0


def answers(layout: Layout) -> bool:
    """Whether the broker answers a PING on its socket within two seconds."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWER_SECONDS)
            line.connect(str(layout.broker_socket))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def start(layout: Layout, binaries: Binaries) -> bool:
    """Start the broker, or attach to the one that runs; True when it was started."""
    if process_id(layout):
        if processes.wait_until(lambda: answers(layout), START_SECONDS):
            return False
        stop(layout)
    layout.broker_socket.unlink(missing_ok=True)
    (layout.broker_dir / "broker.pid").unlink(missing_ok=True)
    pid = processes.spawn(_command(layout, binaries), layout.identity, log_file(layout))

    def settled() -> bool:
        return answers(layout) or not processes.runs(pid, str(layout.broker_dir))

    if processes.wait_until(settled, START_SECONDS) and answers(layout):
        return True
    raise EngineError(f"The broker did not start. {processes.tail(log_file(layout))}")


def stop(layout: Layout) -> None:
    """Stop the broker. Raises EngineError if it stays."""
    pid = process_id(layout)
    ways = [(signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)]
    if pid and not processes.stop(pid, str(layout.broker_dir), ways):
        raise EngineError(f"The broker (process {pid}) does not stop.")


def _command(layout: Layout, binaries: Binaries) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(layout.broker_socket),
        "unixsocketperm": "700",
        "dir": str(layout.broker_dir),
        "pidfile": str(layout.broker_dir / "broker.pid"),
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
        # The command line is how a live broker is told from a stranger with its number.
        "set-proc-title": "no",
    }
    return [str(binaries.valkey_server), *(part for name, value in settings.items() for part in (f"--{name}", value))]
