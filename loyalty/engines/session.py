"""The engines for as long as somebody uses them.

Several processes of one installation may use them at once: the demo, a shell,
an import. Each holds a shared lock while it does, which the kernel drops even
when the process is killed. The first one in starts the engines; the last one
out stops them. A second lock lets one process at a time start or stop.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from loyalty.engines import binaries, broker, layout, postgres
from loyalty.engines.layout import Layout

Report = Callable[[str], None]


def quiet(_line: str) -> None:
    """Report nothing."""


class Session:
    """One process's use of the engines of one layout.

    `with_postgres` and `with_broker` leave an engine out when its URL points
    elsewhere. `durable=False` is for tests: writes do not wait for the disk.
    """

    def __init__(
        self,
        places: Layout,
        *,
        with_postgres: bool = True,
        with_broker: bool = True,
        durable: bool = True,
        report: Report = quiet,
    ) -> None:
        self.places = places
        self.with_postgres = with_postgres
        self.with_broker = with_broker
        self.durable = durable
        self.report = report
        self._use: int | None = None

    def start(self) -> list[str]:
        """Start what does not run yet and hold it; returns the names of those started.

        Raises EngineError with the reason if that fails.
        """
        layout.prepare(self.places)
        with self._alone():
            if self._use is None:
                self._use = _open(self.places.data_dir / "engines.used")
                fcntl.flock(self._use, fcntl.LOCK_SH)
            try:
                started = self._start_missing()
            except BaseException:
                self._leave()
                raise
        if started:
            self.report(f"Started {' and '.join(started)}")
        return started

    def revive(self) -> list[str]:
        """Start again whichever engine has ended; returns the names of those."""
        if self._all_run():
            return []
        with self._alone():
            return self._start_missing()

    def stop(self) -> bool:
        """Leave; stop the engines when nobody else uses them. Returns whether they were stopped."""
        if self._use is None:
            return False
        with self._alone():
            return self._leave_and_stop()

    def end_abandoned(self) -> bool:
        """Stop engines whose users were all killed; returns whether there was nobody left to use them."""
        used = self.places.data_dir / "engines.used"
        if self._use is not None or not used.exists():
            return False
        with self._alone():
            self._use = _open(used)
            return self._leave_and_stop()

    def _all_run(self) -> bool:
        return not (
            (self.with_postgres and not postgres.process_id(self.places))
            or (self.with_broker and not broker.process_id(self.places))
        )

    def _start_missing(self) -> list[str]:
        started = []
        programs = binaries.for_layout(self.places)
        if self.with_postgres:
            if not self.places.postgres_dir.exists():
                self.report("Making the database")
            if postgres.start(self.places, programs, durable=self.durable):
                started.append("PostgreSQL")
        if self.with_broker and broker.start(self.places, programs):
            started.append("the broker")
        return started

    def _leave_and_stop(self) -> bool:
        if not self._leave():
            return False
        if self.with_broker:
            broker.stop(self.places)
        if self.with_postgres:
            postgres.stop(self.places)
        # A server that was killed leaves its socket behind.
        shutil.rmtree(self.places.socket_dir, ignore_errors=True)
        return True

    def _leave(self) -> bool:
        """Give up the shared lock; returns whether nobody else holds it."""
        if self._use is None:
            return False
        try:
            # Nobody can enter meanwhile, because entering needs the lock of _alone().
            fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(self._use)
            self._use = None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        handle = _open(self.places.data_dir / "engines.lock")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
