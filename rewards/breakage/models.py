"""The breakage rate that Finance accepted, and what each month recognised by it.

Invariants: a rate holds from a day on, so that an estimate never changes a
month that was worked out; every edit makes a version; a month of a currency is
worked out once, and its figures equal its postings (a check of the ledger).
"""

from django.db import models


class BreakageRate(models.Model):
    """The accepted rate of one currency; `percent` of what is issued is expected never to be used, null: none."""

    currency = models.CharField(max_length=3, unique=True)
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    effective_on = models.DateField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["currency"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(percent__isnull=True) | models.Q(percent__gte=0, percent__lte=95),
                name="breakage_within_bounds",
            )
        ]

    def __str__(self) -> str:
        return f"Breakage rate in {self.currency}"


class BreakageRateVersion(models.Model):
    """The rate from `effective_on` until a later version takes effect."""

    rate = models.ForeignKey(BreakageRate, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    effective_on = models.DateField()
    accepted_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["rate", "version"], name="breakage_rate_version_once")]

    def __str__(self) -> str:
        return f"{self.rate}, version {self.version}"


class BreakageMonth(models.Model):
    """What one month recognised ahead of lapse. Money in `currency`; `month` is its first day; percents of its end.

    `booked_before` stood before the month, `breakage` came by use at the rate of before, `reestimate`
    by the catch-up to the new rate.
    """

    append_only = True

    month = models.DateField()
    currency = models.CharField(max_length=3)
    percent_before = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    booked_before = models.DecimalField(max_digits=14, decimal_places=2)
    breakage = models.DecimalField(max_digits=14, decimal_places=2)
    reestimate = models.DecimalField(max_digits=14, decimal_places=2)
    worked_out_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-month", "currency"]
        constraints = [models.UniqueConstraint(fields=["month", "currency"], name="breakage_month_once")]

    def __str__(self) -> str:
        return f"Breakage of {self.month:%b %Y} in {self.currency}"
