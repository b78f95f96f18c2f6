"""Months that Finance closed, and the codes under which its accounting system knows our ledger accounts.

Invariant: nothing can be dated into a closed month, or into one before it; the
database itself refuses it, under a lock that a closing waits for.
"""

from django.conf import settings
from django.db import models


class ClosedMonth(models.Model):
    """A month (by its first day) that was closed; `is_closed` is false after it was reopened.

    `figures`: what stood when it was last closed, one object a currency: `currency`, `postings`, `debits`, `owed`.
    """

    month = models.DateField(unique=True)
    is_closed = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    figures = models.JSONField(default=list)
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-month"]
        constraints = [models.CheckConstraint(condition=models.Q(month__day=1), name="closed_month_by_its_first_day")]

    def __str__(self) -> str:
        return f"Books of {self.month:%B %Y}"


class JournalCodes(models.Model):
    """One row: the code of Finance's chart for each of our ledger accounts; what is not in it keeps our own code."""

    codes = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_journal_codes")]

    def __str__(self) -> str:
        return "Account codes of the journal"
