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
    """Times of the approval steps, which Customer Success owns; one row."""

    due_working_days = models.PositiveSmallIntegerField(default=2)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_approval_settings")]

    def __str__(self) -> str:
        return f"Due after {self.due_working_days} working days"


class ApprovalStep(models.Model):
    """One function's decision on one offer; steps are decided in the order of `position`, those of one in any order."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="steps")
    function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    position = models.PositiveIntegerField()
    why = models.CharField(max_length=300)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in StepState], default=StepState.WAITING.value
    )
    due_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
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
