"""Which of many causes fire when a campaign keeps quiet for a while after each: the earliest, then the next free."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol, TypeVar


class Cause(Protocol):
    """One cause; causes of one account and subject share a quiet time."""

    @property
    def account_id(self) -> int: ...
    @property
    def subject(self) -> str: ...
    @property
    def caused_on(self) -> date: ...


OneCause = TypeVar("OneCause", bound=Cause)


def spaced(causes: Iterable[OneCause], cooldown_days: int) -> list[OneCause]:
    """Those that fire, in order of account, subject and day."""
    fired: list[OneCause] = []
    for cause in sorted(causes, key=lambda c: (c.account_id, c.subject, c.caused_on)):
        last = fired[-1] if fired else None
        is_alike = last is not None and (last.account_id, last.subject) == (cause.account_id, cause.subject)
        if last is None or not is_alike or cause.caused_on >= last.caused_on + timedelta(days=cooldown_days):
            fired.append(cause)
    return fired
