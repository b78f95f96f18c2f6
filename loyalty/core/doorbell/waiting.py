"""How long the work that waits has been waiting: the gauge of the queue.

The queue stands in PostgreSQL, in tables of several rooms; each tells since
when its oldest piece of due work waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Since = Callable[[datetime], datetime | None]

_gauges: dict[str, Since] = {}


@dataclass(frozen=True)
class Waiting:
    """The oldest work of one kind that is due, and since when it is (UTC)."""

    what: str
    since: datetime


def add_gauge(what: str, since: Since) -> None:
    """Let a room tell, given the present moment, since when its oldest due work waits; None when none does."""
    _gauges[what] = since


def oldest_waiting(now: datetime) -> Waiting | None:
    """What has waited longest; None when nothing waits."""
    told = [Waiting(what, since) for what, look in _gauges.items() if (since := look(now)) is not None]
    return min(told, key=lambda waiting: waiting.since, default=None)


def seconds_waiting(now: datetime) -> int:
    """How long the oldest work has waited, in whole seconds; 0 when nothing waits."""
    oldest = oldest_waiting(now)
    return max(0, int((now - oldest.since).total_seconds())) if oldest else 0
