"""What one unit of another currency, or one point, is worth in the reporting currency, by day.

Invariants: a rate holds from its day until the next of its unit; a day of a unit has one rate; a rate that a
closed month was translated at never changes; without a rate nothing is translated.
"""

from django.conf import settings
from django.db import models


class UnitRate(models.Model):
    """One `unit` is worth `per_unit` of the currency `reporting` from `effective_on` on; `source` says by whom."""

    unit = models.CharField(max_length=3)
    reporting = models.CharField(max_length=3)
    effective_on = models.DateField()
    per_unit = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=120)
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    kept_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["unit", "-effective_on"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "reporting", "effective_on"], name="one_rate_a_unit_and_day"),
            models.CheckConstraint(condition=models.Q(per_unit__gt=0), name="rate_above_zero"),
            models.CheckConstraint(condition=~models.Q(unit=models.F("reporting")), name="rate_of_another_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} from {self.effective_on}: {self.per_unit.normalize():f} {self.reporting}"
