"""Going on with long work: claimed by compare-and-set, in slices, whoever dies.

A claim counts up `claims`; every later note names that count, so that a worker
which was taken for dead and comes back can commit nothing.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.errors import DomainError
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.registry import JobCancelled, LeaseLost, NotYet, job_kind
from loyalty.core.jobs.rules import LEASE, SLICE, TRIES, JobState, wait_before
from loyalty.core.jobs.verbs import JOBS, end_job

log = logging.getLogger(__name__)

CLAIM = """
UPDATE core_job SET state = 'running', claims = claims + 1, tries = tries + 1, lease_until = %(lease_until)s,
                    started_at = coalesce(started_at, %(now)s)
WHERE id = (SELECT id FROM core_job
            WHERE ((state = 'waiting' AND due_at <= %(now)s) OR (state = 'running' AND lease_until < %(now)s))
              AND id = coalesce(%(only)s, id)
            ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


class ClaimedWork:
    """A claimed job (`registry.Work`)."""

    def __init__(self, job: Job, clock: Callable[[], float] = time.monotonic) -> None:
        self.job = job
        self._clock = clock
        self._ends = clock() + SLICE.total_seconds()

    @property
    def time_is_up(self) -> bool:
        return self._clock() >= self._ends

    def check(self) -> None:
        if Job.objects.filter(pk=self.job.pk, cancel_asked=True).exists():
            raise JobCancelled

    def tell(
        self, done: int, total: int | None = None, *, message: str = "", result: Mapping[str, Any] | None = None
    ) -> None:
        told: dict[str, Any] = {"done": done, "message": message[:300], "lease_until": timezone.now() + LEASE}
        if total is not None:
            told["total"] = total
        if result is not None:
            told["result"] = dict(result)
        if done > self.job.done:
            told["tries"] = 1
        if not self._mine().update(**told):
            raise LeaseLost
        for name, value in told.items():
            setattr(self.job, name, value)

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, claims=self.job.claims, state=JobState.RUNNING.value)


def run_next(only: int | None = None) -> Job | None:
    """Go on with the job that has waited longest, or with the one named, for one slice; None when none is due."""
    job = _claim(only)
    if job is None:
        return None
    try:
        _run(job)
    except LeaseLost:
        log.warning("Job %s was taken over by another worker.", job.pk)
    except JobCancelled:
        _end(job, JobState.CANCELLED)
    except NotYet as waits:
        _let_wait(job, str(waits))
    except DomainError as refused:
        _end(job, JobState.FAILED, error=str(refused))
    except Exception:
        log.exception("Job %s (%s) failed, try %s.", job.pk, job.kind, job.tries)
        _put_off(job)
    return job


def _claim(only: int | None) -> Job | None:
    with connection.cursor() as cursor:
        now = timezone.now()
        cursor.execute(CLAIM, {"now": now, "lease_until": now + LEASE, "only": only})
        row = cursor.fetchone()
    return Job.objects.select_related("started_by").get(pk=row[0]) if row else None


def _run(job: Job) -> None:
    kind, work = job_kind(job.kind), ClaimedWork(job)
    if kind is None:
        raise DomainError(f"This version of the application cannot run jobs of the kind {job.kind}.")
    if job.tries > TRIES:
        raise DomainError(f"Its worker stopped {TRIES} times in a row without getting any further.")
    work.check()
    if kind.run(work):
        _end(job, JobState.DONE)
    else:
        _give_back(job)


@transaction.atomic
def _give_back(job: Job) -> None:
    """More is left: let it wait behind the others, and ring for whoever goes on."""
    mine = Job.objects.filter(pk=job.pk, claims=job.claims, state=JobState.RUNNING.value)
    mine.update(state=JobState.WAITING.value, due_at=timezone.now(), lease_until=None, tries=F("tries") - 1)
    ring_on_commit(JOBS)


def _let_wait(job: Job, what_for: str) -> None:
    """Try again in a moment; that it had to wait is no failure."""
    mine = Job.objects.filter(pk=job.pk, claims=job.claims, state=JobState.RUNNING.value)
    told = {"message": what_for[:300], "due_at": timezone.now() + wait_before(1), "tries": F("tries") - 1}
    mine.update(state=JobState.WAITING.value, lease_until=None, **told)


def _put_off(job: Job) -> None:
    """Try again later, a few times; then it has failed."""
    if job.tries >= TRIES:
        _end(job, JobState.FAILED, error=f"It failed {TRIES} times in a row; the log of the worker says where.")
        return
    mine = Job.objects.filter(pk=job.pk, claims=job.claims, state=JobState.RUNNING.value)
    due = timezone.now() + wait_before(job.tries)
    mine.update(state=JobState.WAITING.value, due_at=due, lease_until=None)


@transaction.atomic
def _end(job: Job, state: JobState, *, error: str = "") -> None:
    mine = Job.objects.select_for_update(no_key=True)
    if locked := mine.filter(pk=job.pk, claims=job.claims, state=JobState.RUNNING.value).first():
        end_job(locked, state, error=error)
        locked.save()
