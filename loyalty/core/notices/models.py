"""What people are told, and the outbox by which it leaves the house.

Invariants: a person is told of a cause once, whoever repeats it; a notice goes
out by a channel once; a letter is sent by the one who claimed it last (`claims`
counts). The rows are the queue; the broker only rings.
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from loyalty.core.notices.rules import CHANNEL_LABELS, DEFAULT_HOUR, PACE_CHOICES, Channel, Pace

CHANNEL_CHOICES = [(c.value, label) for c, label in CHANNEL_LABELS.items()]


class LetterState(models.TextChoices):
    """The values are names of statuses."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Notice(models.Model):
    """One thing that one person is told. `key` names its cause; `url` is a path of the application."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", db_index=False)
    key = models.CharField(max_length=120)
    words = models.CharField(max_length=300)
    url = models.CharField(max_length=300)
    at = models.DateTimeField(default=timezone.now, db_default=Now())
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "key"], name="told_once"),
            models.CheckConstraint(
                condition=models.Q(url__startswith="/") & ~models.Q(url__startswith="//"), name="notice_leads_inside"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="notice_by_person"),
            models.Index(fields=["person"], condition=models.Q(read_at=None), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return self.words


class NoticeChoice(models.Model):
    """How a person wants to be told; who has no row has the defaults. `digest_hour` is in the company's time zone.

    The address of the Slack webhook is a secret: sealed, and shown by its last letters only.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notice_choice"
    )
    email_pace = models.CharField(max_length=10, choices=PACE_CHOICES, default=Pace.DAILY.value)
    slack_pace = models.CharField(max_length=10, choices=PACE_CHOICES, default=Pace.OFF.value)
    digest_hour = models.PositiveSmallIntegerField(default=DEFAULT_HOUR)
    slack_sealed = models.TextField(blank=True)
    slack_hint = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(digest_hour__lt=24), name="digest_hour_of_the_day")]

    def __str__(self) -> str:
        return f"How {self.person} is told"


class Letter(models.Model):
    """One message to one person by one channel, with one notice or many."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="letters")
    channel = models.CharField(max_length=10, choices=CHANNEL_CHOICES)
    state = models.CharField(max_length=10, choices=LetterState.choices, default=LetterState.WAITING)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(state=LetterState.WAITING), name="letter_to_send"),
        ]

    def __str__(self) -> str:
        return f"{Channel(self.channel).value} to {self.person}"


class Passage(models.Model):
    """One notice that goes out by one channel: in the letter that takes it, once it is due."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="passages", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=10, choices=CHANNEL_CHOICES)
    due_at = models.DateTimeField()
    letter = models.ForeignKey(Letter, models.CASCADE, null=True, related_name="passages")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="passage_once")]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(letter=None), name="passage_due"),
            models.Index(fields=["person", "channel"], condition=models.Q(letter=None), name="passage_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.notice} by {self.channel}"
