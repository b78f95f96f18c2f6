"""Who decides in whose place, and when.

Invariants: it is dated; a person has one stand-in a day; nobody stands in for themselves;
what was handed on is not handed on again.
"""

from django.conf import settings
from django.db import models

from loyalty.core.absence.rules import Absence


class Delegation(models.Model):
    """`delegate` decides for the functions of `delegator` from `starts_on` to `ends_on`, both included.

    Days are those of the company's time zone. With `ended_at` (UTC) it held no longer from that moment.
    """

    delegator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="absences")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="stands_in")
    starts_on = models.DateField()
    ends_on = models.DateField()
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(delegator=models.F("delegate")), name="nobody_stands_in_for_themselves"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="absence_ends_after_it_starts"
            ),
        ]
        indexes = [
            models.Index(fields=["delegate", "ends_on"], condition=models.Q(ended_at=None), name="stand_in_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.delegate} for {self.delegator}"

    @property
    def days(self) -> Absence:
        return Absence(self.starts_on, self.ends_on)
