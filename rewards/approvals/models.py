"""Who must decide an offer, and who did.

Invariants: which functions must approve is worked out by rules when the offer is
proposed; one decision a function; one person decides for one function only
within an offer; a decision is pinned to the digest of the terms. Steps with the
same position are decided in any order; those of the next wait for all of them.
"""

from enum import StrEnum

from django.conf import settings
from django.db import models

from loyalty.core.people.rules import FUNCTION_CHOICES
from rewards.offers.models import Offer


class StepState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"


class ApprovalSettings(models.Model):
    """Times of the approval steps, which Customer Success owns; one row. All in working days.

    A step is due `due_working_days` after it opened; people are reminded `remind_days` before
    the day on which it is due, and the lead hears of it `escalate_days` before.
    """

    due_working_days = models.PositiveSmallIntegerField(default=2)
    remind_days = models.PositiveSmallIntegerField(default=1)
    escalate_days = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_approval_settings")]

    def __str__(self) -> str:
        return f"Due after {self.due_working_days} working days"


DECISION = ("state", "decided_by", "decided_for", "decided_at", "digest", "note")
"""The fields of a step that a decision writes."""


class ApprovalStep(models.Model):
    """One function's decision on one offer; steps are decided in the order of `position`, those of one in any order.

    `decided_for` is in whose place `decided_by` decided, when it was not their own.
    """

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="steps", db_index=False)
    function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    position = models.PositiveIntegerField()
    why = models.CharField(max_length=300)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in StepState], default=StepState.WAITING.value
    )
    due_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_for = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "function"], name="one_step_a_function"),
            models.UniqueConstraint(
                fields=["offer", "decided_by"],
                condition=models.Q(decided_by__isnull=False),
                name="one_function_a_person_within_an_offer",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["approved", "rejected"], decided_by__isnull=False)
                | models.Q(state__in=["waiting", "void"]),
                name="step_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.function}: {self.state}"

    def clear(self) -> None:
        """Forget its decision, without saving: it waits again."""
        self.state, self.decided_by, self.decided_for, self.decided_at = StepState.WAITING.value, None, None, None
        self.digest, self.note = "", ""


class OfferRevision(models.Model):
    """Terms of an offer that somebody changed before it was decided; who did never decides it."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    before = models.JSONField()
    after = models.JSONField()
    reason = models.TextField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["offer", "number"], name="offer_revision_once")]

    def __str__(self) -> str:
        return f"Revision {self.number} of {self.offer}"


class OfferComment(models.Model):
    """What was said about an offer."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]


class SavedView(models.Model):
    """Filters of the queue that a person keeps under a name; `query` is what stands in the URL."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="queue_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)
    is_shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="view_name_once_a_person")]

    def __str__(self) -> str:
        return self.name
