"""Segments: named rules over account facts, and who was in them when.

Invariants: every edit makes a version; the membership of a day follows from the
facts of that day and the version in force at its end (UTC), and from nothing
that came later; the standing moves of an account and segment are exactly the
differences between the days of its facts.
"""

from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account
from accounts.segments.rules import Cause, SegmentStatus

STATUSES = [(s.value, s.value) for s in SegmentStatus]


class Segment(models.Model):
    """A rule over account facts; owned by CS. `priority` 1 is the first; equal ones go by key."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    goal = models.CharField(max_length=200, blank=True)
    reward = models.CharField(max_length=200, blank=True)  # what suits these accounts, in words
    priority = models.PositiveSmallIntegerField(default=50)
    status = models.CharField(max_length=10, choices=STATUSES, default=SegmentStatus.DRAFT.value)
    rule = models.JSONField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["priority", "key"]
        constraints = [models.CheckConstraint(condition=models.Q(priority__gte=1), name="segment_priority_positive")]

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """The terms of a segment from `effective_at` until the next version; those at the end of a day hold for the day."""

    segment = models.ForeignKey(Segment, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    goal = models.CharField(max_length=200, blank=True)
    reward = models.CharField(max_length=200, blank=True)
    priority = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10)
    rule = models.JSONField()
    effective_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["segment", "version"], name="segment_version_once")]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"


class SegmentMove(models.Model):
    """A dated fact: this account entered, or left, this segment on this day.

    `version` was in force on the day. `evidence` has what its rule looked at, on
    the day and on the day before: {"facts", "before", "truths", "truths_before"},
    the truths in the order of the rule's tree. `fires` says that the account's own
    change moved it, lately and for the first time within days; an edit of the rule,
    or of what it names, or a first day never does. Late data corrects the day and the evidence, and
    keeps the id and whether it fires. A move that late data took back is kept with
    `withdrawn_at`, so that it can return without firing twice: leave it out.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="segment_moves")
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="moves")
    entered = models.BooleanField()
    day = models.DateField()
    version = models.PositiveIntegerField()
    cause = models.CharField(max_length=5, choices=[(c.value, c.value) for c in Cause])
    evidence = models.JSONField()
    fires = models.BooleanField()
    recorded_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "segment", "entered", "day"],
                condition=models.Q(withdrawn_at=None),
                name="segment_move_once",
            )
        ]
        indexes = [
            models.Index(fields=["segment", "-day", "-id"], name="segment_move_by_segment"),
            models.Index(
                fields=["day", "id"], condition=models.Q(fires=True, withdrawn_at=None), name="segment_move_that_fires"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {'entered' if self.entered else 'left'} {self.segment}"
