"""Keeps the application's processes running: starts them, watches them, stops them in order.

A process that ends is started again, later each time it fails soon. The
engines are looked after too. A worker that has stopped consuming is replaced.
Runs in one thread, because a child is tied to the thread that started it.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from loyalty.engines import processes
from loyalty.engines.errors import EngineError
from loyalty.engines.session import Report, Session, quiet
from loyalty.engines.tether import tied_to_parent
from loyalty.engines.watchdog import Watchdog

TICK_SECONDS = 0.5
STEADY_SECONDS = 60.0
STUCK_SECONDS = 5.0


def delay_before_restart(failures: int) -> float:
    """Seconds to wait after the n-th failure in a row: at once, then 1, 2, 4 … at most 30."""
    return 0.0 if failures <= 1 else min(30.0, 2.0 ** (failures - 2))


@dataclass(frozen=True)
class Program:
    """One process to keep running.

    `last_words` is the signal it gets when the supervisor is killed outright.
    `stop_seconds` is the time it may take to finish what it has in hand.
    """

    name: str
    argv: Sequence[str]
    log: Path
    environ: Mapping[str, str]
    last_words: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    keep_files: Sequence[int] = ()


@dataclass
class Child:
    """A program's present process, and how it has fared."""

    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = field(default=0.0)

    def start(self, now: float) -> None:
        """Start the process in a session of its own: Ctrl-C must not reach it before the supervisor."""
        with self.program.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.program.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self.program.environ),
                start_new_session=True,
                pass_fds=tuple(self.program.keep_files),
                preexec_fn=tied_to_parent(self.program.last_words),
            )
        self.started_at = now

    def has_ended(self) -> bool:
        """Whether the process has ended; what it left of its own children is killed first.

        It is looked at before it is reaped: until then its number cannot be
        anyone else's, so the kill cannot hit a stranger.
        """
        if self.process is None:
            return True
        if os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return False
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        return True

    def tell(self, number: signal.Signals) -> None:
        """Send a signal; one that has ended, and was not looked at since, does not hear it.

        Not by `Popen.send_signal`, which reaps what has ended: that is for `has_ended` alone.
        """
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def end(self, seconds: float) -> None:
        """Wait for the end that was asked for; kill after `seconds`."""
        if not processes.wait_until(self.has_ended, seconds):
            self.tell(signal.SIGKILL)
            processes.wait_until(self.has_ended, 5.0)


class Supervisor:
    """Runs `programs` on top of `session`'s engines until told to stop.

    `worker` names the program that the watchdog watches, `beat` the one that
    sends it heartbeats: silence cannot tell which of them is stuck.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        session: Session | None = None,
        watchdog: Watchdog | None = None,
        watched: Sequence[str] = (),
        report: Report = quiet,
    ) -> None:
        self.children = [Child(program) for program in programs]
        self.session = session
        self.watchdog = watchdog
        self.watched = watched
        self.report = report
        self._engines_due = 0.0

    def start(self) -> None:
        """Start every program."""
        for child in self.children:
            child.start(time.monotonic())

    def run(self) -> None:
        """Look after everything, for ever; Ctrl-C (KeyboardInterrupt) ends it."""
        launcher = os.getppid()
        tied = os.path.basename((processes.command_line(launcher) or [""])[0]) == "uv"
        # `uv run` killed outright cannot pass that on; its end is ours.
        while not (tied and os.getppid() != launcher):
            self.tick(time.monotonic())
            time.sleep(TICK_SECONDS)

    def tick(self, now: float) -> None:
        """Look once at engines, programs and the worker's heartbeat."""
        self._revive_engines(now)
        for child in self.children:
            if child.process is not None and child.has_ended():
                name, lasted = child.program.name, now - child.started_at
                child.failures = 1 if lasted > STEADY_SECONDS else child.failures + 1
                child.due_at = now + delay_before_restart(child.failures)
                self.report(f"{name} ended after {lasted:.0f} s and is started again; see {child.program.log}")
            if child.process is None and now >= child.due_at:
                self._start_again(child, now)
        if self.watchdog and self.watchdog.finds_stuck(now):
            self.report("No task has been consumed for a while; replacing the worker")
            self._replace_watched()

    def most_failures(self) -> int:
        """How often in a row the least lucky program has ended soon after its start."""
        return max((child.failures for child in self.children), default=0)

    def stop(self) -> None:
        """Stop all programs at once, each with its time to finish; then leave the engines."""
        for child in self.children:
            child.tell(signal.SIGTERM)
        end = time.monotonic()
        for child in self.children:
            child.end(max(0.0, child.program.stop_seconds - (time.monotonic() - end)))
        if self.session:
            self.session.stop()

    def _start_again(self, child: Child, now: float) -> None:
        child.start(now)
        if self.watchdog and child.program.name in self.watched:
            self.watchdog.worker_started(now)

    def _replace_watched(self) -> None:
        """A stuck worker may not hear SIGTERM. Killing it is safe: its work is a row and is found again."""
        stuck = [child for child in self.children if child.program.name in self.watched]
        for child in stuck:
            child.tell(signal.SIGTERM)
        for child in stuck:
            child.end(STUCK_SECONDS)
            self._start_again(child, time.monotonic())

    def _revive_engines(self, now: float) -> None:
        if self.session is None or now < self._engines_due:
            return
        try:
            for name in self.session.revive():
                self.report(f"{name} had ended; started it again")
        except EngineError as error:
            self._engines_due = now + 5.0
            self.report(str(error))
