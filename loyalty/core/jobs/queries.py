"""The jobs as people see them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, QuerySet
from django.utils import timezone

from loyalty.core.jobs.models import Job
from loyalty.core.jobs.registry import job_kind, job_kinds
from loyalty.core.jobs.rules import JobState, time_left

SORTED_BY = ("-id",)
CSV_HEADER = (
    *("number", "kind", "job", "state", "done", "total", "started by", "asked", "started", "finished"),
    *("result", "error"),
)


@dataclass(frozen=True)
class Progress:
    """A job as core/shell/_progress.html takes it."""

    id: int
    label: str
    done: int
    total: int
    left: str
    finished: bool
    error: str


def listed(state: str, kind: str) -> QuerySet[Job]:
    """The jobs of a state and kind ("" means all), by SORTED_BY."""
    wanted = {name: value for name, value in (("state", state), ("kind", kind)) if value}
    return Job.objects.select_related("started_by").filter(**wanted).order_by(*SORTED_BY)


def progress_of(job: Job) -> Progress:
    """How far it is, and how long it will take at the pace so far."""
    took = (timezone.now() - job.started_at).total_seconds() if job.started_at else 0.0
    left = time_left(job.done, job.total, took) if job.state == JobState.RUNNING else ""
    words = job.message or ("Waiting for a worker" if job.state == JobState.WAITING else job.title)
    return Progress(job.pk, words, job.done, job.total, left, job.is_finished, job.error)


def label_of(job: Job) -> str:
    """The kind in words."""
    kind = job_kind(job.kind)
    return kind.label if kind else job.kind


def url_of(job: Job) -> str:
    """The page that shows what the job made; "" when there is none."""
    kind = job_kind(job.kind)
    return kind.url_of(job) if kind else ""


def kinds() -> list[tuple[str, str]]:
    """The kinds to filter by, as (name, label)."""
    return [(kind.kind, kind.label) for kind in job_kinds() if kind.is_filter]


def figures_of(job: Job) -> list[tuple[str, int]]:
    """What it found so far: the counts of its result, with their labels."""
    plain = [(name, value) for name, value in job.result.items() if type(value) is int]
    return [(name.replace("_", " ").capitalize(), value) for name, value in plain]


def due_since(now: datetime) -> datetime | None:
    """Since when the job that has waited longest could be gone on with; None when none can."""
    waiting = Job.objects.filter(state=JobState.WAITING.value, due_at__lte=now)
    left = Job.objects.filter(state=JobState.RUNNING.value, lease_until__lte=now)
    oldest = [waiting.aggregate(at=Min("due_at"))["at"], left.aggregate(at=Min("lease_until"))["at"]]
    return min((at for at in oldest if at is not None), default=None)


def csv_rows(rows: QuerySet[Job]) -> Iterator[list[object]]:
    """One line each, in the order of CSV_HEADER."""
    for job in rows.iterator(chunk_size=1000):
        found = "; ".join(f"{label}: {value}" for label, value in figures_of(job))
        by = job.started_by.display_name if job.started_by else ""
        times = (job.created_at, job.started_at, job.finished_at)
        yield [job.pk, label_of(job), job.title, job.state, job.done, job.total, by, *times, found, job.error]
