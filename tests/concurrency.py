"""Several people, or workers, at the same moment: real threads on real connections."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection


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
