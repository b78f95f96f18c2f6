"""The three ways in which PostgreSQL runs short, done for real to one installation's engine."""

import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import psycopg
import psycopg.sql

from loyalty.engines import postgres, processes
from tests.engines.application import Application, children

Fault = Callable[[Application], AbstractContextManager[None]]

# What has been written of a table beyond this cannot grow; a segment of the log (16 MB) still can be written.
FILE_BYTES = 16 * 1024 * 1024
# More rows than fit into that many bytes, of accounts that nobody sends for.
FILLING = """
INSERT INTO accounts_event (source_id, message_id, account_id, name, quantity, seconds, occurred_at,
                            before_subscription, properties)
SELECT 0, 'filling-' || n, (SELECT min(id) FROM accounts_account), 'Filling', 0, 0, now() - interval '5 years', false,
       jsonb_build_object('filling', repeat('x', 1500))
FROM generate_series(1, 12000) n
"""


TAKE_AWAY = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"


@contextmanager
def read_only(application: Application) -> Iterator[None]:
    """Every transaction that begins from now on is read-only."""
    with application.database() as owner:
        owner.execute("SET default_transaction_read_only = off")
        owner.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        owner.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            owner.execute("ALTER SYSTEM RESET default_transaction_read_only")
            owner.execute("SELECT pg_reload_conf()")


@contextmanager
def no_connections(application: Application) -> Iterator[None]:
    """The server lets the application's role have no connection more, and takes those away that it has.

    By the limit of the role, which answers as a server that is full does (SQLSTATE 53300):
    whoever took the connections one by one would race with the application for the last.
    """
    role = psycopg.sql.Identifier(postgres.APP_ROLE)
    limit = psycopg.sql.SQL("ALTER ROLE {} CONNECTION LIMIT {}")
    with application.database() as owner:

        def is_alone() -> bool:
            """Whether the application has none left; one that was being made when the limit came may still appear."""
            return not owner.execute(TAKE_AWAY, [postgres.APP_ROLE]).fetchall()

        owner.execute(limit.format(role, 0))
        try:
            assert processes.wait_until(is_alone, 60.0, every=0.5)
            yield
        finally:
            owner.execute(limit.format(role, -1))


@contextmanager
def disk_full(application: Application) -> Iterator[None]:
    """No table of the application can grow: to the server every write behind 16 MB fails, as on a full disk.

    A limit on the size of files does that to any user's own processes, whereas
    a small disk can be mounted by root alone.
    """
    with application.database() as owner:
        owner.execute(FILLING)
        owner.execute("CHECKPOINT")
    try:
        _limit_files(application, FILE_BYTES)
        yield
    finally:
        _limit_files(application, resource.RLIM_INFINITY)


def _limit_files(application: Application, most: int) -> None:
    """Of the server, which hands it on to each new session, and then of the application's sessions that are there.

    One that was begun just before the server had its limit may not have its title yet.
    """
    server = postgres.process_id(application.places)
    _limit(application, [server], most)
    _limit(application, [p for p in children(server) if _is_session(" ".join(processes.command_line(p)))], most)


def _is_session(title: str) -> bool:
    return f" {postgres.APP_ROLE} " in title or not title.startswith("postgres: ")


def _limit(application: Application, pids: list[int], most: int) -> None:
    """Done by a process of the server's own account, as root may lack the right over others' limits."""

    def limit() -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    subprocess.run(["true"], preexec_fn=limit, check=True, **application.places.identity.spawn_options())


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path | None]:
    """A folder on a disk of its own, of that size; None where nobody may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="loyalty-disk-"))
    folder.chmod(0o711)
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", str(folder)]
    mounted = subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@contextmanager
def filled(application: Application) -> Iterator[None]:
    """Not a byte is left on the disk that the whole installation lies on: tables, log of the database, all."""
    ballast = application.places.data_dir.parent / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65536)
    try:
        yield
    finally:
        ballast.unlink()
