"""A job in parts: claimed one by one with SKIP LOCKED, each done and marked in one transaction.

So any number of workers serve one job, and one that dies gives its part back by
dying. The parts of a turn begin when those of the turn before are all done.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from loyalty.core.jobs.models import Job, JobPart
from loyalty.core.jobs.rules import JobState


def cut_in_parts(job: Job, parts: Iterable[JobPart]) -> int:
    """Write the parts of a job unless it has some; returns how many it has."""
    with transaction.atomic():
        Job.objects.select_for_update(no_key=True).get(pk=job.pk)
        known = job.parts.count()
        return known or len(JobPart.objects.bulk_create(parts))


def claim_part(job_id: int) -> JobPart | None:
    """The next part that nobody holds, locked until the transaction ends; None when there is none in this turn."""
    return _waiting(job_id).select_for_update(skip_locked=True, no_key=True).order_by("position").first()


def peek_part(job_id: int) -> JobPart | None:
    """The next part of the turn, held or not; None when the job is done."""
    return _waiting(job_id).order_by("position").first()


def finish_part(part: JobPart, counts: Mapping[str, int]) -> None:
    """Mark a part as done, with what came of it."""
    JobPart.objects.filter(pk=part.pk, done_at=None).update(done_at=timezone.now(), counts=dict(counts))


def standing(job_id: int) -> tuple[int, int, Counter[str]]:
    """How many parts are done, how many there are, and what came of them altogether."""
    counts: Counter[str] = Counter()
    done = total = 0
    for done_at, told in JobPart.objects.filter(job_id=job_id).values_list("done_at", "counts"):
        total += 1
        if done_at is not None:
            done += 1
            counts.update(told)
    return done, total, counts


def jobs_to_help() -> list[int]:
    """The ids of running jobs that have parts left for others to serve, the oldest first."""
    rows = Job.objects.filter(state=JobState.RUNNING.value, parts__done_at=None, parts__first__isnull=False)
    return list(rows.order_by("pk").values_list("pk", flat=True).distinct())


def _waiting(job_id: int) -> QuerySet[JobPart]:
    """The parts of the turn at hand that are not done; a part that somebody holds is not done yet."""
    left = JobPart.objects.filter(job_id=job_id, done_at=None)
    turn = left.aggregate(turn=Min("turn"))["turn"]
    return left.none() if turn is None else left.filter(turn=turn)
