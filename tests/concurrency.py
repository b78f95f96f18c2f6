"""Several people, or workers, at the same moment: real threads on real connections."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

from django.db import connection

_WAITING = "SELECT count(*) FROM pg_locks l WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(l.pid))"
SECONDS = 20


def until_somebody_waits() -> None:
    """Return once another connection waits for what this one holds."""
    pause = Event()
    for _ in range(SECONDS * 50):
        with connection.cursor() as cursor:
            cursor.execute(_WAITING)
            if cursor.fetchone() != (0,):
                return
        pause.wait(0.02)
    raise AssertionError("Nobody waits for us.")


def at_once(calls: Iterable[Callable[[], object]]) -> list[object]:
    """Run all calls at the same moment; each gives its result, or the exception that it raised."""
    wanted = list(calls)
    start = Barrier(len(wanted))

    def run(call: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            start.wait(timeout=30)
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(wanted)) as pool:
        return list(pool.map(run, wanted))
