"""Tells a worker that has stopped consuming from one that is idle or busy.

After a broker restart a Celery worker sometimes lives on without taking
another task. The schedule sends a heartbeat task every 5 s; what that task
leaves behind in the broker only moves while some worker consumes.
"""

from collections.abc import Callable
from dataclasses import dataclass

# Three heartbeats may fail to come; the fourth is not waited for. A worker must be
# consuming again within 30 s, and a fresh one needs about 8 s to its first heartbeat.
IDLE_SECONDS = 15.0
# A worker with tasks in hand may be too busy for heartbeats; tasks end within a minute.
BUSY_SECONDS = 90.0
# What a fresh worker gets on top, to start and to receive the next heartbeat; twice as much after each that
# never showed one, or a machine that is slow to start them would have them killed for ever.
GRACE_SECONDS = 10.0
LONGEST_GRACE_SECONDS = 160.0


@dataclass(frozen=True)
class Pulse:
    """The mark that the last heartbeat left ("" for none), and the ids of the messages that workers have in hand."""

    mark: str
    in_hand: frozenset[str] = frozenset()


def is_stuck(*, silent_seconds: float, is_busy: bool) -> bool:
    """Whether a worker that has shown no heartbeat for that long is to be replaced."""
    return silent_seconds > (BUSY_SECONDS if is_busy else IDLE_SECONDS)


class Watchdog:
    """Watches one worker. `read` returns its pulse, or None when the broker does not answer.

    Times are those of one monotonic clock, so a wrong wall clock does no harm.
    """

    def __init__(self, read: Callable[[], Pulse | None], now: float) -> None:
        self.read = read
        self.mark = ""
        self.grace = GRACE_SECONDS
        self.alive_at = now + self.grace
        self.in_hand: frozenset[str] = frozenset()
        self.left_behind: frozenset[str] = frozenset()

    def worker_started(self, now: float) -> None:
        """Begin anew: a fresh worker has until the first heartbeat is due, and nothing in hand.

        What a killed worker had in hand stays in the broker for an hour; it does not make the next one busy.
        """
        self.alive_at = max(self.alive_at, now + self.grace)
        self.left_behind = self.in_hand

    def finds_stuck(self, now: float) -> bool:
        """Look once. Without a broker no worker can consume, so that time does not count."""
        pulse = self.read()
        if pulse is None:
            self.alive_at = max(self.alive_at, now)
            return False
        self.in_hand = pulse.in_hand
        # An emptied broker has no mark: that it went is no sign of life.
        if pulse.mark and pulse.mark != self.mark:
            self.mark = pulse.mark
            self.grace = GRACE_SECONDS
            self.alive_at = max(self.alive_at, now)
        stuck = is_stuck(silent_seconds=now - self.alive_at, is_busy=bool(self.in_hand - self.left_behind))
        if stuck:
            self.grace = min(2 * self.grace, LONGEST_GRACE_SECONDS)
        return stuck
