"""The nightly order: each step is a job in parts; the next begins when the one before is done.

Invariants: a day has one night, whoever rings; a step never begins before the
one before it is done, so that none works on half a day; a part is done once,
and what it did stands in the transaction that says so.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text
from loyalty.core.jobs.chores import Chore, Cut, RangedChore, Span, chore_named, chores_of
from loyalty.core.jobs.models import Job, JobPart, Night, NightStep
from loyalty.core.jobs.parts import claim_part, cut_in_parts, finish_part, jobs_to_help, peek_part, standing
from loyalty.core.jobs.registry import JobKind, NotYet, Work
from loyalty.core.jobs.rules import NIGHT_RETRY, SLICE, JobState
from loyalty.core.jobs.running import run_next
from loyalty.core.jobs.verbs import start_job

log = logging.getLogger(__name__)

PREFIX = "night_"
_order: dict[str, str] = {}


def declare_order(order: Mapping[str, str]) -> None:
    """Say the steps of the night in their order: step → its name for people."""
    _order.clear()
    _order.update(order)


def night_job(step: str, label: str, cut: Cut) -> JobKind:
    """The kind of job that does a step; `cut` cuts the accounts in ranges."""
    return JobKind(PREFIX + step, f"Night: {label.lower()}", run=partial(_run, step, cut), is_filter=False)


def begin_night(day: date, first_day: date, *, is_nightly: bool = True) -> Night | None:
    """Begin the night of a day, for [first_day, day]; None when the day had its night already."""
    if not is_nightly:
        return Night.objects.create(day=day, first_day=first_day, is_nightly=False)
    night, is_new = Night.objects.get_or_create(day=day, is_nightly=True, defaults={"first_day": first_day})
    return night if is_new else None


def last_night() -> Night | None:
    """The night that began last and was not asked for by somebody."""
    return Night.objects.filter(is_nightly=True).order_by("-day").first()


def days_done_up_to(before: date) -> date | None:
    """The last day before this one whose night was finished; None when there was none."""
    done = Night.objects.filter(finished_at__isnull=False, day__lt=before)
    return done.order_by("-day").values_list("day", flat=True).first()


@transaction.atomic
def advance(night_id: int, *, now: datetime | None = None) -> NightStep | None:
    """Begin the next step of a night if its turn has come, or a failed one anew; returns the step at hand.

    None when the night is finished, or while another worker does this very thing.
    """
    moment = now or timezone.now()
    night = Night.objects.select_for_update(skip_locked=True).filter(pk=night_id, finished_at=None).first()
    if night is None:
        return None
    known = {step.step: step for step in night.steps.select_related("job")}
    for step, label in _order.items():
        found = known.get(step)
        if found is None:
            return NightStep.objects.create(night=night, step=step, job=_start(night, step, label))
        if found.job.state == JobState.DONE:
            continue
        if found.job.state == JobState.FAILED and (found.job.finished_at or moment) + NIGHT_RETRY <= moment:
            found.job, found.tries = _start(night, step, label), found.tries + 1
            found.save(update_fields=["job", "tries"])
        return found
    night.finished_at = moment
    night.save(update_fields=["finished_at"])
    return None


def run_night_here(night: Night) -> Mapping[str, Mapping[str, int]]:
    """Do all steps of a night in this process, beside whatever workers help; returns what came of each.

    Raises DomainError when a step fails: the workers try it again.
    """
    while step := advance(night.pk):
        job = _finish_here(step.job)
        if job.state != JobState.DONE:
            raise DomainError(f"“{job.title}” is {job.state}: {job.error or job.message or 'see the job'}")
    return {step.step: step.job.result for step in night.steps.select_related("job")}


def help_out() -> int:
    """Serve parts of jobs that other workers run, for one slice; returns how many.

    What fails here is left undone: who runs the job comes to it too, and says so.
    """
    ends, served = time.monotonic() + SLICE.total_seconds(), 0
    for job in Job.objects.filter(pk__in=jobs_to_help(), kind__startswith=PREFIX).order_by("pk"):
        try:
            while time.monotonic() < ends and _serve_ranged(job, None):
                served += 1
        except Exception:
            log.exception("A part of job %s (%s) failed.", job.pk, job.kind)
    return served


def stopped_step(night: Night) -> NightStep | None:
    """The step at which a night stands still: its job failed or was cancelled."""
    stuck = night.steps.filter(job__state__in=[JobState.FAILED.value, JobState.CANCELLED.value])
    return stuck.select_related("job").first()


@dataclass(frozen=True)
class StepTold:
    """One step of a night for people; `job` is None until its turn comes, `took` in whole seconds."""

    label: str
    job: Job | None
    tries: int
    took: int | None
    counts: list[tuple[str, int]]


def night_told() -> tuple[Night, list[StepTold]] | None:
    """The last night with all its steps, in their order; None before the first."""
    night = last_night()
    if night is None:
        return None
    known = {step.step: step for step in night.steps.select_related("job")}
    return night, [_told(label, known.get(step)) for step, label in _order.items()]


def _told(label: str, step: NightStep | None) -> StepTold:
    if step is None:
        return StepTold(label, None, 0, None, [])
    job = step.job
    ended = job.finished_at or timezone.now()
    took = int((ended - job.started_at).total_seconds()) if job.started_at else None
    counts = [(name, count) for name, count in job.result.items() if count]
    return StepTold(label, job, step.tries, took, counts)


def _start(night: Night, step: str, label: str) -> Job:
    days = {"first_day": night.first_day.isoformat(), "day": night.day.isoformat()}
    return start_job(PREFIX + step, f"{label}, {day_text(night.day)}", days, acting_user=None)


def _finish_here(job: Job) -> Job:
    while not job.is_finished:
        if run_next(job.pk) is None and job.state == JobState.RUNNING:
            time.sleep(0.2)
        job.refresh_from_db()
        if job.state == JobState.WAITING and (wait := (job.due_at - timezone.now()).total_seconds()) > 0:
            if not job.message:
                return job
            time.sleep(min(wait, 1.0))
    return job


def _span(job: Job) -> Span:
    return Span(date.fromisoformat(job.parameters["first_day"]), date.fromisoformat(job.parameters["day"]))


def _run(step: str, cut: Cut, work: Work) -> bool:
    chores = chores_of(step)
    cut_in_parts(work.job, _parts(work.job, chores, cut))
    while True:
        work.check()
        if not (_serve_ranged(work.job, work) or _serve_whole(work.job, work)):
            break
        if work.time_is_up:
            return False
    if peek_part(work.job.pk) is not None:
        raise NotYet("Waits for the parts that other workers serve.")
    _tell(work)
    return True


def _parts(job: Job, chores: Sequence[Chore], cut: Cut) -> list[JobPart]:
    wanted: list[tuple[int, Chore, int | None, int | None]] = []
    for turn, chore in enumerate(chores):
        if isinstance(chore, RangedChore):
            wanted += [(turn, chore, first, last) for first, last in cut(chore.size)]
        else:
            wanted.append((turn, chore, None, None))
    return [
        JobPart(job=job, position=n, turn=turn, chore=chore.name, first=first, last=last)
        for n, (turn, chore, first, last) in enumerate(wanted)
    ]


def _serve_ranged(job: Job, work: Work | None) -> bool:
    """Serve one range, if there is one that nobody holds; `work` None helps a job that somebody else runs."""
    with transaction.atomic():
        part = claim_part(job.pk)
        if part is None or part.first is None or part.last is None:
            return False
        chore = _chore(part)
        if not isinstance(chore, RangedChore):
            raise DomainError(f"{part.chore} takes no ranges.")
        finish_part(part, chore.work(part.first, part.last, _span(job)))
        if work is not None:
            _tell(work)
    return True


def _serve_whole(job: Job, work: Work) -> bool:
    part = peek_part(job.pk)
    if part is None or part.first is not None:
        return False
    chore = _chore(part)
    if isinstance(chore, RangedChore):
        raise DomainError(f"{part.chore} takes ranges only.")
    counts = chore.work(_span(job))
    with transaction.atomic():
        finish_part(part, counts)
        _tell(work)
    return True


def _chore(part: JobPart) -> Chore:
    chore = chore_named(part.chore)
    if chore is None:
        raise DomainError(f"This version of the application knows no chore {part.chore}.")
    return chore


def _tell(work: Work) -> None:
    done, total, counts = standing(work.job.pk)
    work.tell(done, total, result=counts)
