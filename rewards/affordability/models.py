"""What Finance assumes of the business, as it stands and as it stood.

Invariants: there is one set of assumptions and every edit makes a version; once somebody has set it, an edit is
decided by somebody else; each figure carries its date and its source.
"""

from django.db import models


class AssumptionSet(models.Model):
    """The assumptions as they stand, as `rules.assumptions` writes them; one row, its first version sets nothing."""

    values = models.JSONField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_set_of_assumptions")]

    def __str__(self) -> str:
        return "Assumptions"

    @property
    def is_set(self) -> bool:
        """Whether anybody has set anything."""
        return self.version > 1


class AssumptionSetVersion(models.Model):
    """The assumptions from `effective_at` until the next version."""

    version = models.PositiveIntegerField(unique=True)
    values = models.JSONField()
    effective_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"Assumptions, version {self.version}"
