"""Asking for long work, and taking it back."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.registry import job_kind
from loyalty.core.jobs.rules import JobState
from loyalty.core.notices.verbs import tell
from loyalty.core.people.models import User
from loyalty.core.people.queries import administrators

JOBS = "loyalty.jobs"


@transaction.atomic
def start_job(kind: str, title: str, parameters: Mapping[str, Any], *, acting_user: User | None, total: int = 0) -> Job:
    """Write the row that a worker will find; `parameters` must be JSON, `total` is 0 while it is not known."""
    if job_kind(kind) is None:
        raise ValueError(f"Nobody runs jobs of the kind {kind}")
    job = Job.objects.create(
        kind=kind, title=title[:200], parameters=dict(parameters), total=total, started_by=acting_user
    )
    record(AuditVerb.JOB_STARTED, acting_user=acting_user, object_type="job", object_id=job.pk, object_label=job.title)
    ring_on_commit(JOBS)
    return job


@transaction.atomic
def cancel_job(job_id: int, *, acting_user: User) -> Job:
    """Take a job back: at once while it waits, else after the step at hand, which stays.

    Raises NotAllowed unless who started it or an administrator acts, DomainError
    when it has finished, Job.DoesNotExist.
    """
    job = Job.objects.select_for_update(no_key=True).get(pk=job_id)
    if not may_cancel(job, acting_user):
        raise NotAllowed("Only who started it, or an administrator, can cancel this job.")
    if job.is_finished:
        raise DomainError(f"This job has finished already: {job.state}.")
    job.cancel_asked, job.due_at = True, timezone.now()
    if job.state == JobState.WAITING:
        end_job(job, JobState.CANCELLED)
    job.save()
    record(
        AuditVerb.JOB_CANCELLED, acting_user=acting_user, object_type="job", object_id=job.pk, object_label=job.title
    )
    ring_on_commit(JOBS)
    return job


def may_cancel(job: Job, user: User) -> bool:
    """Whether the person may take the job back."""
    return user.is_active and (user.is_administrator or job.started_by_id == user.pk)


def end_job(job: Job, state: JobState, *, error: str = "") -> None:
    """Let nothing more come of a locked job, and let its room clear away; the caller saves it."""
    job.state, job.error = state.value, error
    job.finished_at, job.lease_until = timezone.now(), None
    if kind := job_kind(job.kind):
        kind.finish(job)
    if state is JobState.FAILED:
        _tell_failure(job)


def _tell_failure(job: Job) -> None:
    """Whoever started it hears of it; of what the programme does by itself, the administrators."""
    people = [job.started_by_id] if job.started_by_id else administrators().values_list("pk", flat=True)
    tell(people, f"job:{job.pk}:failed", f"“{job.title}” failed: {job.error}", reverse("job", args=[job.pk]))
