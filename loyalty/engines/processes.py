"""Processes that outlive the one that started them, told apart by what they run.

A process id alone proves nothing: after a crash it may belong to a stranger.
The command line does, as it names the data folder, and it can be read even
where root lacks the right to look further into another user's process.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from loyalty.engines.identity import Identity

KEEP_LOG_BYTES = 10 * 1024 * 1024
UNSETTLED_SECONDS = 0.5


def command_line(pid: int) -> list[str]:
    """The arguments of a process; empty when it has ended, or is only waiting to be reaped."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    if not Path("/proc/self/cmdline").exists():
        told = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return told.stdout.split()
    found = _read_command_line(pid)
    end = time.monotonic() + UNSETTLED_SECONDS
    while found == [] and time.monotonic() < end:
        time.sleep(0.002)
        found = _read_command_line(pid)
    return found or []


def _read_command_line(pid: int) -> list[str] | None:
    """The arguments; None for a process that has ended; [] for one that is just being born or dying."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    if state in (b"Z", b"X"):
        return None
    return [os.fsdecode(part) for part in raw.rstrip(b"\0").split(b"\0")] if raw else []


def runs(pid: int, argument: str) -> bool:
    """Whether process `pid` lives and was started with `argument` on its command line."""
    return pid > 0 and argument in command_line(pid)


def environment() -> Mapping[str, str]:
    """What an engine inherits: nothing that could redirect it (PGDATA, PGOPTIONS, LD_*)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def spawn(argv: Sequence[str], identity: Identity, log: Path) -> int:
    """Start a process that stays when this one ends; its output is appended to `log`.

    It gets a session of its own, so that Ctrl-C in the terminal reaches only
    the application, which then stops the engines in order.
    """
    if log.exists() and log.stat().st_size > KEEP_LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment(),
            start_new_session=True,
            **identity.spawn_options(),
        )
    # The process id file speaks for the process from here on; command_line() reaps it.
    process.returncode = 0
    return process.pid


def run(argv: Sequence[str], identity: Identity, *, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of an engine to its end and return what it wrote."""
    return subprocess.run(
        argv,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        env=environment(),
        check=False,
        **identity.spawn_options(),
    )


def wait_until(condition: Callable[[], bool], seconds: float, *, every: float = 0.02) -> bool:
    """Wait until `condition` holds, at most `seconds`; returns whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def stop(pid: int, argument: str, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Send each signal in turn and wait its seconds, until the process has ended."""
    for number, seconds in signals:
        if not runs(pid, argument):
            return True
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(lambda: not runs(pid, argument), seconds):
            return True
    return not runs(pid, argument)


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log and where it is, for an error message."""
    if not log.exists():
        return f"There is no {log}."
    return "\n".join([f"The end of {log}:", *log.read_text(errors="replace").splitlines()[-lines:]])
