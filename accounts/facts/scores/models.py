"""Cut points of the RFM scores, and what the monetary score ranks by.

Invariants: cut points never change; those made last for a day hold from it
until the next; a score of a day is by the cut points in force on the day.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.facts.scores.rules import Monetary

CHOICES = [(m.value, m.value) for m in Monetary]


class ScoreCuts(models.Model):
    """Cut points from `from_day` (UTC) on, taken from the facts of `taken_on`.

    `quarter` is the first day of the quarter that they were made for. Points go upwards:
    recency in days (that many or fewer), frequency in key actions, money in the reporting
    currency (that much or more); null where nobody was known.
    """

    from_day = models.DateField()
    taken_on = models.DateField()
    quarter = models.DateField()
    monetary = models.CharField(max_length=3, choices=CHOICES)
    recency = ArrayField(models.IntegerField(), null=True)
    frequency = ArrayField(models.IntegerField(), null=True)
    money = ArrayField(models.DecimalField(max_digits=16, decimal_places=2), null=True)
    counted_recency = models.PositiveIntegerField()
    counted_frequency = models.PositiveIntegerField()
    counted_money = models.PositiveIntegerField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-from_day", "-id"]
        indexes = [models.Index(fields=["-from_day", "-id"], name="score_cuts_by_day")]

    def __str__(self) -> str:
        return f"Cut points from {self.from_day}"


class ScoreTerms(models.Model):
    """One row: what the monetary score ranks by. Without it, by MRR."""

    monetary = models.CharField(max_length=3, choices=CHOICES, default=Monetary.MRR.value)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_score_terms")]

    def __str__(self) -> str:
        return f"Monetary score by {self.monetary}"
