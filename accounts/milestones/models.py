"""Milestones: feature events that mean that an account got somewhere.

Invariants: every edit makes a version; an account reaches a milestone once;
a reach names the version and the event that made it; milestones that count from
one another make no circle.
"""

from django.db import models
from django.db.models.functions import Now

from accounts.milestones.rules import MilestoneStatus, MilestoneTerms
from accounts.records.models import Account
from accounts.usage.models import Event


class Milestone(models.Model):
    """A feature event reached `count` times; owned by Product.

    `within_days` are counted from sign-up or, if `counts_from` is given, from the reach of that milestone.
    """

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    event_name = models.CharField(max_length=200)
    count = models.PositiveIntegerField(default=1)
    within_days = models.PositiveIntegerField(null=True, blank=True)
    counts_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="followed_by")
    status = models.CharField(
        max_length=10,
        choices=[(s.value, s.value) for s in MilestoneStatus],
        default=MilestoneStatus.DRAFT.value,
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(count__gte=1), name="milestone_count_positive"),
            models.CheckConstraint(
                condition=models.Q(counts_from=None) | models.Q(within_days__isnull=False),
                name="milestone_that_counts_from_another_has_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def terms(self) -> MilestoneTerms:
        return _terms(self)


class MilestoneVersion(models.Model):
    """The terms of a milestone from `effective_at` until the next version."""

    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    event_name = models.CharField(max_length=200)
    count = models.PositiveIntegerField()
    within_days = models.PositiveIntegerField(null=True)
    counts_from = models.ForeignKey(Milestone, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10)
    effective_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["milestone", "version"], name="milestone_version_once")]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    @property
    def terms(self) -> MilestoneTerms:
        return _terms(self)


def _terms(told: Milestone | MilestoneVersion) -> MilestoneTerms:
    start = told.counts_from.name if told.counts_from else ""
    return MilestoneTerms(told.event_name, told.count, told.within_days, told.counts_from_id, start)


class MilestoneReach(models.Model):
    """A dated fact: this account reached this milestone, by this event.

    `fires` is false when the count was already there before the version took
    effect (an edit or a backfill must not shower old accounts with offers). Then
    `terms_from` is the moment since which the terms that it met hold; else null.

    A late event can move the start that the days count from, so that the reach
    falls out of them: it is kept with `withdrawn_at`, so that it can return
    without firing twice. Leave it out.
    """

    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="reaches")
    account = models.ForeignKey(Account, models.PROTECT, related_name="milestone_reaches")
    version = models.PositiveIntegerField()
    count = models.PositiveIntegerField()
    event = models.ForeignKey(Event, models.SET_NULL, null=True, related_name="+")
    reached_at = models.DateTimeField()
    terms_from = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())
    fires = models.BooleanField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-reached_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["milestone", "account"], name="milestone_reached_once")]
        indexes = [models.Index(fields=["milestone", "-reached_at"], name="reach_by_milestone")]

    def __str__(self) -> str:
        return f"{self.account} reached {self.milestone}"
