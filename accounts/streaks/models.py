"""Streaks and power-user tracks: what accounts keep doing, day after day or week after week.

Invariants: every edit makes a version; runs are what the daily tables tell in
the account's own days, whatever the order in which events came; an account
reaches a streak once in a run, and a reach names the version whose terms it met.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.milestones.rules import MilestoneStatus
from accounts.records.models import Account
from accounts.streaks.rules import Action, Pace, StreakKind, StreakTerms
from accounts.usage.models import Event


def _choices(words: type[StreakKind | Action | Pace | MilestoneStatus]) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]


class Pattern(models.Model):
    """What makes a day, a working day or a week count. Never changed; streaks with one pattern share its runs.

    `event_name` for the action `event` only. A unit counts with at least `features` different
    events (sign-ins left out) on at least `active_days` days of the account.
    """

    action = models.CharField(max_length=10, choices=_choices(Action))
    event_name = models.CharField(max_length=200, blank=True)
    pace = models.CharField(max_length=12, choices=_choices(Pace))
    features = models.PositiveIntegerField()
    active_days = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["action", "event_name", "pace", "features", "active_days"], name="pattern_once"
            ),
            models.CheckConstraint(condition=models.Q(active_days__gte=1), name="pattern_needs_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.event_name or self.action} by {self.pace}"


class Terms(models.Model):
    """What an account has to keep up: the pattern, `length` units in a row, by a day counted from sign-up."""

    name = models.CharField(max_length=120)
    pattern = models.ForeignKey(Pattern, models.PROTECT, related_name="+")
    length = models.PositiveIntegerField()
    within_days = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=10, choices=_choices(MilestoneStatus), default=MilestoneStatus.DRAFT.value)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    @property
    def terms(self) -> StreakTerms:
        counted = self.pattern
        return StreakTerms(
            action=Action(counted.action),
            event_name=counted.event_name,
            pace=Pace(counted.pace),
            features=counted.features,
            active_days=counted.active_days,
            length=self.length,
            within_days=self.within_days,
        )


class Streak(Terms):
    """A streak or a power-user track, as it is now; owned by Product."""

    kind = models.CharField(max_length=10, choices=_choices(StreakKind))
    key = models.SlugField(max_length=60, unique=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.CheckConstraint(condition=models.Q(length__gte=1), name="streak_length_positive")]

    def __str__(self) -> str:
        return self.name


class StreakVersion(Terms):
    """The terms of a streak from `effective_at` until the next version."""

    streak = models.ForeignKey(Streak, models.PROTECT, related_name="versions")
    effective_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["streak", "version"], name="streak_version_once")]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"


class StreakRun(models.Model):
    """Units in a row that counted at an account, from `starts_on` (its own day; of a week, Monday) on.

    `known_on` tells of each unit the day (UTC) up to which enough had happened; it never falls, so
    that the run as of a day is what was known on or before it. `best_before`: the longest run before.
    """

    pk = models.CompositePrimaryKey("account_id", "pattern_id", "starts_on")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    pattern = models.ForeignKey(Pattern, models.PROTECT, related_name="+", db_index=False)
    starts_on = models.DateField()
    known_on = ArrayField(models.DateField())
    best_before = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{len(self.known_on)} in a row from {self.starts_on}"


class PatternCounted(models.Model):
    """A pattern was counted over all days of an account; from then on dirty marks keep its runs right."""

    pk = models.CompositePrimaryKey("account_id", "pattern_id")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    pattern = models.ForeignKey(Pattern, models.PROTECT, related_name="+", db_index=False)

    def __str__(self) -> str:
        return f"Pattern {self.pattern_id} counted"


class StreakReach(models.Model):
    """A dated fact: in the run from `run_starts_on` on, this account came to the length of this streak.

    Days are the account's. Late events may move the day and the start of the run, never whether it
    fires; when they join two runs that had both reached, the later reach is `joined`: it stands no
    longer and fires no more. `fires` is false when the length was already there before the terms
    took effect, and when it was found too late.
    """

    streak = models.ForeignKey(Streak, models.PROTECT, related_name="reaches")
    account = models.ForeignKey(Account, models.PROTECT, related_name="streak_reaches")
    version = models.PositiveIntegerField()
    length = models.PositiveIntegerField()
    run_starts_on = models.DateField()
    reached_on = models.DateField()
    reached_at = models.DateTimeField()
    event = models.ForeignKey(Event, models.SET_NULL, null=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())
    fires = models.BooleanField()
    joined = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["-reached_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["streak", "account", "run_starts_on"], name="streak_reached_once_a_run"),
            models.CheckConstraint(
                condition=models.Q(joined=False) | models.Q(fires=False), name="joined_fires_no_more"
            ),
        ]
        indexes = [models.Index(fields=["streak", "-reached_at"], name="streak_reach_by_streak")]

    def __str__(self) -> str:
        return f"{self.account} reached {self.streak}"
