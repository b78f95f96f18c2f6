"""Long work. The row is the queue.

Invariants: a job is run by the one who claimed it last (`claims` counts, and
every note of progress names the count); a claim lasts as long as its lease;
what a job has done so far stands in its row, so that another worker goes on.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone

from loyalty.core.jobs.rules import FINISHED, STATE_CHOICES, JobState


class Job(models.Model):
    """One piece of long work. `kind` names its runner; `result` is what it has found so far."""

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=STATE_CHOICES, default=JobState.WAITING.value)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)
    parameters = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=models.Q(state__in=["waiting", "running"]), name="job_to_do"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in FINISHED


class JobPart(models.Model):
    """One part of a job: a range of accounts (ids from `first` to `last`), or all at once when these are null."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts", db_index=False)
    position = models.PositiveIntegerField()
    turn = models.PositiveSmallIntegerField()
    chore = models.CharField(max_length=40)
    first = models.BigIntegerField(null=True)
    last = models.BigIntegerField(null=True)
    done_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ["job", "position"]
        constraints = [models.UniqueConstraint(fields=["job", "position"], name="job_part_once")]

    def __str__(self) -> str:
        return f"{self.chore}: {self.first} to {self.last}" if self.first is not None else self.chore


class Night(models.Model):
    """One run of the nightly order for a day (UTC), and for the days before it from `first_day` on that were missed.

    A day has one night, whoever rings how often; runs that people ask for come on top.
    """

    day = models.DateField()
    first_day = models.DateField()
    is_nightly = models.BooleanField(default=True)
    begun_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["day"], condition=models.Q(is_nightly=True), name="one_night_a_day")
        ]

    def __str__(self) -> str:
        return f"Night of {self.day}"


class NightStep(models.Model):
    """One step of a night and the job that does it; a step that failed gets another job."""

    night = models.ForeignKey(Night, models.CASCADE, related_name="steps")
    step = models.CharField(max_length=20)
    job = models.OneToOneField(Job, models.PROTECT, related_name="night_step")
    tries = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["night", "step"], name="night_step_once")]

    def __str__(self) -> str:
        return self.step
