"""The application as it really runs, for a benchmark: durable engines, migrated tables, gunicorn."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import django
import psycopg

from loyalty.engines import Session, locate
from loyalty.engines.layout import CHECKOUT
from loyalty.engines.postgres import DATABASE, OWNER_ROLE, PORT
from loyalty.engines.processes import wait_until


@contextmanager
def engines() -> Iterator[None]:
    """PostgreSQL with fsync on and a broker, in a folder of their own; Django set up as the application's role."""
    folder = Path(tempfile.mkdtemp(prefix="loyalty-bench-"))
    folder.chmod(0o711)
    for name in ("DATABASE_URL", "REDIS_URL", "DEBUG"):
        os.environ.pop(name, None)
    os.environ |= {
        "LOYALTY_DATA_DIR": str(folder),
        "LOYALTY_DB_ROLE": "app",
        "SECRET_KEY": "of-the-benchmark-only",
        "DJANGO_SETTINGS_MODULE": "loyalty.settings",
        "PYTHONPATH": str(CHECKOUT),
        "LOG_LEVEL": "WARNING",
    }
    places = locate().places
    session = Session(places, durable=True)
    try:
        session.start()
        migrate = [sys.executable, str(CHECKOUT / "manage.py"), "migrate", "--no-input", "--verbosity=0"]
        subprocess.run(migrate, env=os.environ | {"LOYALTY_DB_ROLE": "owner"}, check=True)
        django.setup()
        yield
    finally:
        session.stop()
        for left in (places.engine_dir, places.data_dir):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def web(workers: int = 2, threads: int = 4) -> Iterator[int]:
    """The web server as the demo runs it; yields its port on the loopback address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [
            *(sys.executable, "-m", "gunicorn", "loyalty.wsgi", "--chdir", str(CHECKOUT)),
            *("--bind", f"fd://{listener.fileno()}", "--no-control-socket", "--worker-class", "gthread"),
            *("--workers", str(workers), "--threads", str(threads), "--log-level", "warning"),
        ]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        try:
            if not wait_until(lambda: _answers(port), 60):
                raise RuntimeError("The web server does not answer.")
            yield port
        finally:
            process.terminate()
            # The server itself gives its workers half a minute.
            process.wait(60)


def owner(database: str = DATABASE) -> psycopg.Connection:
    """A connection as the owner of the tables, who may empty them."""
    host = str(locate().places.socket_dir)
    return psycopg.connect(host=host, port=PORT, dbname=database, user=OWNER_ROLE, autocommit=True)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b" 200 " in line.recv(100)
    return False
