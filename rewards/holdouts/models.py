"""Holdouts: accounts that qualify for a campaign and, by lot, get nothing, so that lift can be measured.

Invariants: an account is assigned once within a campaign, when it first
qualifies; the assignment is frozen, whatever the share becomes afterwards.
"""

from django.db import models

from accounts.records.models import Account


class HoldoutAssignment(models.Model):
    """The lot of one account in one campaign, with the seed and the share (per cent) that it was drawn with."""

    campaign = models.ForeignKey("rewards.Campaign", models.PROTECT, related_name="assignments", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    is_held_out = models.BooleanField()
    seed = models.CharField(max_length=64)
    percent = models.PositiveSmallIntegerField()
    assigned_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "account"], name="assigned_once")]

    def __str__(self) -> str:
        return f"{self.account}: {'held out' if self.is_held_out else 'treated'}"
