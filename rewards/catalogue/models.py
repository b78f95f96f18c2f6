"""The catalogue: what can be given, at what cost, owned by whom.

Invariants: every edit makes a version; an offer keeps the terms that it was
made with; offers that hold a reward of a limited supply never pass the supply.
"""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from loyalty.core.money import POINTS
from loyalty.core.people.rules import FUNCTION_CHOICES
from rewards.catalogue.rules import (
    KINDS,
    Accounting,
    Basis,
    Delivery,
    Nature,
    RewardStatus,
    value_in_words,
)

KIND_CHOICES = [(key, kind.label) for key, kind in KINDS.items()]


class Reward(models.Model):
    """An entry of the catalogue; money in `currency`. Of points only the face value is given, as a number of points.

    `face_value` is what the customer sees, `marginal_cost` what it costs us,
    `discount_equivalent` what it counts against caps and the Finance threshold.
    With another basis than fixed all three are `percent` of an account's own
    money, in cents, halves away from zero. `supply_limit` is how many offers may hold it at once.
    """

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=40, choices=KIND_CHOICES)
    owner_function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    is_credit = models.BooleanField()
    value_basis = models.CharField(
        max_length=20, choices=[(b.value, b.value) for b in Basis], default=Basis.FIXED.value
    )
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    face_value = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    marginal_cost = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    discount_equivalent = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    currency = models.CharField(max_length=3, default="USD")
    delivery = models.CharField(
        max_length=10, choices=[(d.value, d.value) for d in Delivery], default=Delivery.AUTOMATIC.value
    )
    validity_days = models.PositiveIntegerField(default=365)
    supply_limit = models.PositiveIntegerField(null=True)
    taxable = models.BooleanField(default=False)
    accounting = models.CharField(
        max_length=20, choices=[(a.value, a.value) for a in Accounting], default=Accounting.LIABILITY.value
    )
    status = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in RewardStatus], default=RewardStatus.LIVE.value
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(value_basis="fixed", percent__isnull=True)
                | (~Q(value_basis="fixed") & Q(percent__gt=0, percent__lte=100)),
                name="reward_has_one_value",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def nature(self) -> Nature:
        return KINDS[self.kind].nature

    @property
    def is_points(self) -> bool:
        """Whether it is given in points, a unit of their own."""
        return self.currency == POINTS

    @property
    def is_limited_feature(self) -> bool:
        """Whether Product approves each offer of it."""
        return self.supply_limit is not None and self.nature is Nature.FEATURE

    @property
    def value_words(self) -> str:
        return value_in_words(self.value_basis, self.face_value, self.percent, self.currency)


class RewardVersion(models.Model):
    """The terms of a reward from `effective_at` until the next version, as its editable values."""

    reward = models.ForeignKey(Reward, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    values = models.JSONField()
    effective_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["reward", "version"], name="reward_version_once")]

    def __str__(self) -> str:
        return f"{self.reward}, version {self.version}"
