"""A change request: a proposed edit to something that a function owns.

Invariants: the proposer never decides; `base_version` is the version of the
live object that the proposal was made against, and applying fails when live has
moved on; the terms that were approved are pinned by `digest`.
"""

from django.conf import settings
from django.db import models

from loyalty.core.changes.rules import ChangeState
from loyalty.core.people.rules import FUNCTION_CHOICES


class ChangeRequest(models.Model):
    """One proposed edit; `before` and `proposed` hold the whole set of fields.

    `effective_on` is the day (company's time zone) from which an approved change
    holds; null means at once. `expires_at` is when it is closed if nobody decides.
    `decided_for` is in whose place `decided_by` decided, who was away; null for their own seat.
    """

    kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    object_label = models.CharField(max_length=200)
    owner_function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    base_version = models.PositiveIntegerField()
    before = models.JSONField()
    proposed = models.JSONField()
    digest = models.CharField(max_length=64)
    impact = models.JSONField(default=list)
    reason = models.TextField()
    state = models.CharField(
        max_length=20, choices=[(s.value, s.label) for s in ChangeState], default=ChangeState.PENDING.value
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_for = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)
    applied_at = models.DateTimeField(null=True)
    effective_on = models.DateField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "owner_function", "-id"], name="change_by_state"),
            models.Index(fields=["kind", "object_id", "-id"], name="change_by_object"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state__in=["pending", "changes_requested", "approved"]),
                name="change_to_carry_out",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("proposed_by")), name="change_not_decided_by_proposer"
            ),
            models.CheckConstraint(
                condition=~models.Q(decided_for=models.F("proposed_by")), name="change_not_decided_for_proposer"
            ),
        ]

    def __str__(self) -> str:
        return f"Change to {self.object_label}"


class ChangeEditor(models.Model):
    """Everyone who wrote a version of a request: none of them may decide it."""

    change = models.ForeignKey(ChangeRequest, models.CASCADE, related_name="editors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "user"], name="change_editor_once")]

    def __str__(self) -> str:
        return f"{self.user} wrote {self.change}"


class ChangeComment(models.Model):
    """What was said about a change request."""

    change = models.ForeignKey(ChangeRequest, models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]
