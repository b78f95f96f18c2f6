"""Dying between any two statements: whoever works here is killed before the nth statement that they ask for."""

from collections.abc import Callable
from itertools import count
from typing import Any

from django.db import connection


class Killed(BaseException):
    """What no `except Exception` catches, as a killed process runs no handler."""


class _Killer:
    """Lets so many statements through and dies at the next; what is rolled back after that goes through."""

    def __init__(self, through: int) -> None:
        self._left = through
        self.has_killed = False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        # To release a savepoint changes nothing: who dies there has died before what comes next.
        if not self.has_killed and not sql.startswith("RELEASE SAVEPOINT"):
            if not self._left:
                self.has_killed = True
                raise Killed(sql[:200])
            self._left -= 1
        return execute(sql, params, many, context)


def die_at_every_statement(prepare: Callable[[int], object], work: Callable[[int], object]) -> int:
    """Prepare a case and work on it, once for each statement of the work, dying at that one; returns how many cases.

    The case after the last is worked on to its end. Nobody dies while a case is prepared.
    """
    for case in count():
        prepare(case)
        killer = _Killer(case)
        try:
            with connection.execute_wrapper(killer):
                work(case)
        except Killed:
            continue
        return case + 1
    raise AssertionError("unreachable")
