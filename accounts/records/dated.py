"""What accounts were told to be, day by day; the database itself keeps it, whatever way a telling came in."""

from django.db import models

from accounts.records.models import Account


class PlanSegmentSince(models.Model):
    """The plan segment of an account from a day (UTC) on, until the day of the next; empty for unknown.

    A trigger on the account writes it on the day of the telling, so that facts of earlier days keep what held
    then. Nobody told anything before the first one: it counts back to the start, and whatever facts there are by
    then are marked to be worked out again, so that a first backfill has its segments in whatever order it came.
    """

    pk = models.CompositePrimaryKey("account_id", "from_day")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    from_day = models.DateField()
    plan_segment = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.plan_segment or 'Unknown'} from {self.from_day}"
