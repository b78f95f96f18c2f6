"""The embedded PostgreSQL: made once, started, attached to, stopped.

It listens on a Unix socket in a private folder only, and lets in only the
operating-system user who runs the application (peer), so neither a password
nor a port is needed. All calls expect the caller to hold the engine lock.
"""

import os
import shutil
import signal
from pathlib import Path
from subprocess import CompletedProcess

from loyalty.engines import identity as identities
from loyalty.engines import processes
from loyalty.engines.binaries import POSTGRES_MAJOR, Binaries
from loyalty.engines.errors import EngineError
from loyalty.engines.layout import Layout, private

OWNER_ROLE = "loyalty_owner"
APP_ROLE = "loyalty_app"
DATABASE = "loyalty"
PORT = 5432
START_SECONDS = 60.0
STILL_IN_USE = "is still in use"

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "synchronous_commit": "on",
    "fsync": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2s",
    "log_checkpoints": "off",
    "idle_in_transaction_session_timeout": "10min",
}
# For tests only: a crash of the machine may lose everything, a crash of a process still nothing.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}

# Default rights are set in the template too, so that a test database has them.
RIGHTS = f"""
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE};

ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE};

"""
BOOTSTRAP = f"""CREATE ROLE {APP_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;

{RIGHTS}
CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE};

"""


def log_file(layout: Layout) -> Path:
    """The server's log."""
    return layout.log_dir / "postgres.log"


def process_id(layout: Layout) -> int:
    """The process id of the running server of this cluster, or 0.

    The file that names it may be left from a crash and its number be taken by
    another process since; the command line tells.
    """
    try:
        pid = int((layout.postgres_dir / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0
    return pid if processes.runs(pid, str(layout.postgres_dir)) else 0


def ready(layout: Layout) -> bool:
    """Whether the server accepts connections, by the status line it keeps in its own file."""
    try:
        lines = (layout.postgres_dir / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready" and process_id(layout) != 0


def start(layout: Layout, binaries: Binaries, *, durable: bool = True) -> bool:
    """Start the server, or attach to the one that runs; True when it was started.

    Makes the cluster on the first call. Raises EngineError with the end of the
    log when it does not accept connections within 60 s.
    """
    if process_id(layout):
        _await_ready(layout, process_id(layout))
        return False
    if not layout.postgres_dir.exists():
        _create(layout, binaries, durable=durable)
    _check_usable(layout)
    _write_access_rules(layout)
    for _ in range(20):
        _forget_predecessor(layout)
        before = log_file(layout).stat().st_size if log_file(layout).exists() else 0
        pid = processes.spawn(_command(layout, binaries, durable), layout.identity, log_file(layout))
        if _await_ready(layout, pid, raising=False):
            return True
        said = log_file(layout).read_bytes()[before:].decode(errors="replace")
        # After a kill -9 the old sessions need a moment to notice that their server is gone.
        if STILL_IN_USE not in said:
            raise EngineError(f"PostgreSQL did not start. {processes.tail(log_file(layout))}")
        processes.wait_until(lambda: False, 0.5)
    raise EngineError(f"Sessions of an earlier PostgreSQL still use {layout.postgres_dir}; see {log_file(layout)}.")


def stop(layout: Layout) -> None:
    """Stop the server: sessions are ended and everything is written. Raises EngineError if it stays."""
    pid = process_id(layout)
    ways = [(signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)]
    if pid and not processes.stop(pid, str(layout.postgres_dir), ways):
        raise EngineError(f"PostgreSQL (process {pid}) does not stop.")


def _command(layout: Layout, binaries: Binaries, durable: bool) -> list[str]:
    settings = SETTINGS | ({} if durable else NOT_DURABLE)
    settings["unix_socket_directories"] = str(layout.socket_dir)
    settings["dynamic_shared_memory_type"] = _shared_memory()
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries.postgres_bin / "postgres"), "-D", str(layout.postgres_dir), "-p", str(PORT), *options]


def _shared_memory() -> str:
    """Containers often give 64 MB of /dev/shm, on which a parallel query fails; files do not."""
    try:
        room = os.statvfs("/dev/shm")
    except OSError:
        return "mmap"
    return "posix" if room.f_bavail * room.f_frsize >= 512 * 1024 * 1024 else "mmap"


def _await_ready(layout: Layout, pid: int, *, raising: bool = True) -> bool:
    def settled() -> bool:
        return ready(layout) or not processes.runs(pid, str(layout.postgres_dir))

    if processes.wait_until(settled, START_SECONDS) and ready(layout):
        return True
    if raising:
        raise EngineError(f"PostgreSQL does not get ready. {processes.tail(log_file(layout))}")
    return False


def _forget_predecessor(layout: Layout) -> None:
    """Remove the lock files of a server that has ended, as far as it left any.

    PostgreSQL does so itself only when no process has the number that they
    name. That number may belong to a stranger by now, or to the dead server
    while nobody has reaped it. We know better: no server of this cluster runs,
    and the engine lock keeps another from starting.
    """
    if process_id(layout) == 0:
        for left in (layout.postgres_dir / "postmaster.pid", layout.socket_dir / f".s.PGSQL.{PORT}.lock"):
            left.unlink(missing_ok=True)


def _check_usable(layout: Layout) -> None:
    private(layout.postgres_dir, layout.identity)
    version = (layout.postgres_dir / "PG_VERSION").read_text().strip()
    if version != str(POSTGRES_MAJOR):
        raise EngineError(
            f"{layout.postgres_dir} was made by PostgreSQL {version}; this application runs {POSTGRES_MAJOR}. "
            "Dump it with the old version and load it into a fresh --data-dir."
        )


def _write_access_rules(layout: Layout) -> None:
    """Let in the user of this process, and nobody else, as either role."""
    if not (person := identities.os_name(os.geteuid())):
        raise EngineError(
            f"User id {os.geteuid()} has no account name, which PostgreSQL needs. Add one, or set DATABASE_URL."
        )
    rules = {
        "pg_hba.conf": "local all all peer map=loyalty\n",
        "pg_ident.conf": "".join(f'loyalty "{person}" {role}\n' for role in (OWNER_ROLE, APP_ROLE)),
    }
    for name, text in rules.items():
        path = layout.postgres_dir / name
        path.write_text(text)
        path.chmod(0o600)


def _create(layout: Layout, binaries: Binaries, *, durable: bool) -> None:
    """Make the cluster with its roles and database beside its place, then rename it.

    So a cluster that was cut short by a crash is never taken for a whole one.
    The single-user server makes roles and database without anyone connecting.
    """
    who = layout.identity
    making = layout.engine_dir / "postgres.making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    if who.dropped:
        os.chown(making, who.uid, who.gid)
    initdb = [
        str(binaries.postgres_bin / "initdb"),
        *("-D", str(making), "-U", OWNER_ROLE, "--encoding=UTF8", "--locale=C"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("--auth-local=peer", "--auth-host=reject", "--no-instructions", "--no-sync"),
    ]
    _checked(processes.run(initdb, who))
    single = [str(binaries.postgres_bin / "postgres"), "--single", "-j", "-D", str(making)]
    single += ["-c", "exit_on_error=on", "-c", "fsync=off"]
    _checked(processes.run([*single, "template1"], who, stdin=BOOTSTRAP))
    if durable:
        _checked(processes.run([str(binaries.postgres_bin / "initdb"), "--sync-only", "-D", str(making)], who))
    making.rename(layout.postgres_dir)


def _checked(done: CompletedProcess[str]) -> None:
    if done.returncode != 0:
        raise EngineError(f"{Path(done.args[0]).name} failed ({done.returncode}):\n{done.stdout[-2000:]}")
