"""When long work may run, and how what is left is told."""

from datetime import timedelta
from enum import StrEnum


class JobState(StrEnum):
    """The values are names of statuses."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
STATE_CHOICES = [(s.value, s.value.capitalize()) for s in JobState]

# Who claimed a job and says nothing for this long is taken to be dead.
LEASE = timedelta(seconds=90)
# A task gives the worker back after this long, so that short work is not kept waiting.
SLICE = timedelta(seconds=20)
# A step of the night that failed is tried again after so long.
NIGHT_RETRY = timedelta(minutes=10)
# So often in a row without progress, then it has failed.
TRIES = 4


def wait_before(tries: int) -> timedelta:
    """How long to wait before the next try, after so many failed ones: 5, 20, 80 seconds and so on."""
    return timedelta(seconds=5 * 4 ** max(tries - 1, 0))


def time_left(done: int, total: int, took: float) -> str:
    """What is left in words, from the pace so far (seconds); "" while nothing can be said."""
    if done <= 0 or total <= done or took <= 0:
        return ""
    seconds = round(took / done * (total - done))
    if seconds < 60:
        return f"about {max(seconds, 1)} s left"
    minutes = round(seconds / 60)
    return "about a minute left" if minutes == 1 else f"about {minutes} minutes left"
