"""The beat: it rings when it is time, unless that ring waits to be taken already.

Without that, a night without a worker fills the broker with rings that all say
the same, and whoever comes back has to throw them away one by one.
"""

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry
from redis.exceptions import RedisError

from loyalty.core.doorbell.pending import may_ring

log = logging.getLogger(__name__)

ALERT_SECONDS = 60.0


class Silence:
    """For how long rings have not been taken (seconds of one clock), and when to say so: once a minute."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._told_at = 0.0

    def taken(self, task: str) -> None:
        """The ring of this task was taken, or there was none."""
        self._since.pop(task, None)

    def waits(self, task: str, now: float) -> float | None:
        """The ring of this task still waits; returns for how long, when that is to be said."""
        waited = now - self._since.setdefault(task, now)
        if waited < ALERT_SECONDS or now - self._told_at < ALERT_SECONDS:
            return None
        self._told_at = now
        return waited


class RingingScheduler(PersistentScheduler):  # type: ignore[misc]
    """Celery's own scheduler, but for rings that would be one too many."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._silence = Silence()
        super().__init__(*args, **kwargs)

    def apply_async(self, entry: ScheduleEntry, producer: Any = None, advance: bool = True, **kwargs: Any) -> Any:
        """Ring, or leave it when the last ring still waits or the broker does not answer; None when left."""
        try:
            is_due = may_ring(entry.task)
        except (RedisError, OSError):
            log.warning("The broker does not answer; %s is not rung for.", entry.task)
            is_due = None
        if is_due:
            self._silence.taken(entry.task)
            return super().apply_async(entry, producer=producer, advance=advance, **kwargs)
        if advance:
            self.reserve(entry)
        if is_due is False and (waited := self._silence.waits(entry.task, time.monotonic())):
            log.error("No worker has taken a task for %.0f s; what is to be done waits in the database.", waited)
        return None
