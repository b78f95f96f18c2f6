"""Keeping processes running, with small programs in place of web and worker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loyalty.engines import Session, broker, layout, processes
from loyalty.engines.layout import CHECKOUT
from loyalty.engines.supervisor import Program, Supervisor, delay_before_restart
from loyalty.engines.watchdog import Pulse, Watchdog

SLEEPS = "import time; time.sleep(600)"
ENDS = "raise SystemExit(3)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)
FINISHES = (
    "import signal, sys, time\n"
    "def finish(*_): print('finished', flush=True); sys.exit()\n"
    "signal.signal(signal.SIGTERM, finish); print('up', flush=True)\n"
    "time.sleep(600)"
)
HAS_CHILD = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True); time.sleep(600)"
)

Make = Callable[..., Supervisor]


@pytest.fixture
def program(place: Path) -> Callable[[str, str], Program]:
    def make(name: str, code: str, stop_seconds: float = 5.0) -> Program:
        argv = [sys.executable, "-c", code]
        return Program(name, argv, place / f"{name}.log", os.environ, stop_seconds=stop_seconds)

    return make


@pytest.fixture
def supervise() -> Iterator[Make]:
    made: list[Supervisor] = []

    def make(*programs: Program, **options: object) -> Supervisor:
        made.append(Supervisor(programs, **options))  # type: ignore[arg-type]
        made[-1].start()
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.stop()


def pid_of(supervisor: Supervisor, number: int = 0) -> int:
    process = supervisor.children[number].process
    return process.pid if process else 0


def ticks_until(supervisor: Supervisor, condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    def looked() -> bool:
        supervisor.tick(time.monotonic())
        return condition()

    return processes.wait_until(looked, seconds)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (6, 16), (7, 30), (500, 30)])
def test_waits_longer_after_each_failure(failures: int, seconds: float) -> None:
    assert delay_before_restart(failures) == seconds


def test_a_program_that_was_killed_is_started_again(supervise: Make, program: Callable[..., Program]) -> None:
    said: list[str] = []
    supervisor = supervise(program("web", SLEEPS), report=said.append)
    first = pid_of(supervisor)
    os.kill(first, signal.SIGKILL)
    assert ticks_until(supervisor, lambda: pid_of(supervisor) not in (0, first))
    assert len(said) == 1
    assert said[0].startswith("web ended after 0 s and is started again")


def test_a_program_that_cannot_start_is_not_hammered(supervise: Make, program: Callable[..., Program]) -> None:
    said: list[str] = []
    supervisor = supervise(program("web", ENDS), report=said.append)
    assert ticks_until(supervisor, lambda: supervisor.children[0].failures == 2)
    due = supervisor.children[0].due_at
    supervisor.tick(due - 0.001)
    assert supervisor.children[0].process is None
    supervisor.tick(due)
    assert pid_of(supervisor) != 0
    assert len(said) == 2


def test_a_program_that_ends_just_before_it_is_told_to_is_no_trouble(
    supervise: Make, program: Callable[..., Program]
) -> None:
    supervisor = supervise(program("web", ENDS))
    os.waitid(os.P_PID, pid_of(supervisor), os.WEXITED | os.WNOWAIT)
    supervisor.stop()
    assert supervisor.children[0].process is None


def test_what_a_killed_program_left_behind_is_killed_too(
    supervise: Make, program: Callable[..., Program], place: Path
) -> None:
    supervisor = supervise(program("worker", HAS_CHILD))
    log = place / "worker.log"
    assert processes.wait_until(lambda: log.read_text().endswith("\n"), 10)
    orphan = int(log.read_text())
    os.kill(pid_of(supervisor), signal.SIGKILL)
    assert ticks_until(supervisor, lambda: processes.command_line(orphan) == [])


def test_programs_do_not_outlive_a_supervisor_that_was_killed(place: Path) -> None:
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from loyalty.engines.supervisor import Program, Supervisor\n"
        f"argv, log = [sys.executable, '-c', {SLEEPS!r}], Path({str(place / 'web.log')!r})\n"
        "supervisor = Supervisor([Program('web', argv, log, os.environ)]); supervisor.start()\n"
        "print(supervisor.children[0].process.pid, flush=True); supervisor.run()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as killed:
        assert killed.stdout
        child = int(killed.stdout.readline())
        assert processes.command_line(child)[-1] == SLEEPS
        killed.kill()
        killed.wait()
    assert processes.wait_until(lambda: processes.command_line(child) == [], 10)


def test_ctrl_c_in_the_terminal_reaches_only_the_supervisor(supervise: Make, program: Callable[..., Program]) -> None:
    supervisor = supervise(program("web", SLEEPS))
    assert os.getpgid(pid_of(supervisor)) == pid_of(supervisor)
    assert os.getsid(pid_of(supervisor)) != os.getsid(0)


def test_a_program_may_finish_before_it_is_stopped(
    supervise: Make, program: Callable[..., Program], place: Path
) -> None:
    supervisor = supervise(program("worker", FINISHES, 20.0))
    assert processes.wait_until(lambda: (place / "worker.log").read_text() == "up\n", 10)
    supervisor.stop()
    assert (place / "worker.log").read_text() == "up\nfinished\n"


def test_a_program_that_does_not_stop_is_killed(supervise: Make, program: Callable[..., Program], place: Path) -> None:
    supervisor = supervise(program("worker", STUBBORN, 0.2))
    assert processes.wait_until(lambda: (place / "worker.log").read_text() == "deaf\n", 10)
    pid = pid_of(supervisor)
    supervisor.stop()
    assert processes.command_line(pid) == []


def test_a_worker_that_stopped_consuming_is_replaced_together_with_the_beat(
    supervise: Make, program: Callable[..., Program]
) -> None:
    watchdog = Watchdog(lambda: Pulse("still the same"), time.monotonic())
    programs = [program(name, SLEEPS) for name in ("web", "worker", "beat")]
    supervisor = supervise(*programs, watchdog=watchdog, watched=("worker", "beat"))
    before = [pid_of(supervisor, n) for n in range(3)]
    now = time.monotonic()
    supervisor.tick(now + 20)
    assert [pid_of(supervisor, n) for n in range(3)] == before
    supervisor.tick(now + 60)
    after = [pid_of(supervisor, n) for n in range(3)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False]
    assert processes.command_line(before[1]) == []


def test_an_engine_that_was_killed_is_started_again(supervise: Make, place: Path) -> None:
    session = Session(layout.resolve(place / "data"), with_postgres=False)
    session.start()
    said: list[str] = []
    supervisor = supervise(session=session, report=said.append)
    killed = broker.process_id(session.places)
    os.kill(killed, signal.SIGKILL)
    assert ticks_until(supervisor, lambda: broker.process_id(session.places) not in (0, killed))
    assert said == ["the broker had ended; started it again"]
    supervisor.stop()
    assert broker.process_id(session.places) == 0
