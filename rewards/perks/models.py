"""What each tier brings. Invariant: every edit makes a version; money stays in per cent of what renews."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.tiers.models import Tier


class TierPerks(models.Model):
    """The perks of one tier; `kinds` are kinds of reward without money value."""

    tier = models.OneToOneField(Tier, models.PROTECT, related_name="perks")
    renewal_credit_percent = models.DecimalField(max_digits=5, decimal_places=2)
    kinds = ArrayField(models.CharField(max_length=40), default=list)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["tier_id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(renewal_credit_percent__gte=0, renewal_credit_percent__lte=50),
                name="tier_credit_within_bounds",
            )
        ]

    def __str__(self) -> str:
        return f"Perks of {self.tier}"


class TierPerksVersion(models.Model):
    """The perks from `effective_at` until the next version, as their editable values."""

    perks = models.ForeignKey(TierPerks, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    values = models.JSONField()
    effective_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["perks", "version"], name="tier_perks_version_once")]

    def __str__(self) -> str:
        return f"{self.perks}, version {self.version}"
