"""What contacts tell us of themselves, and for how long raw events are kept.

Invariants: a contact answers one version of the quiz once; the first answer of
all is the dated fact “preference quiz completed”, of which there is one a
contact, with an id that stays when later versions are answered and when the
contact is erased.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.contacts.rules import QUIZ_ROLES, REWARD_WISHES
from accounts.records.models import Contact


class QuizAnswer(models.Model):
    """The answers of one contact to one version of the preference quiz; `is_first`: they completed none before."""

    contact = models.ForeignKey(Contact, models.PROTECT, related_name="quiz_answers")
    version = models.PositiveIntegerField()
    work = models.CharField(max_length=20, blank=True)  # one of QUIZ_ROLES
    goals = models.TextField(blank=True)
    wishes = ArrayField(models.CharField(max_length=20), default=list)  # of REWARD_WISHES
    answered_at = models.DateTimeField()
    is_first = models.BooleanField(default=True)

    class Meta:
        ordering = ["-answered_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["contact", "version"], name="quiz_answered_once"),
            models.UniqueConstraint(
                fields=["contact"], condition=models.Q(is_first=True), name="quiz_first_completed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Preference quiz completed on {self.answered_at:%d %b %Y}"

    @property
    def work_in_words(self) -> str:
        return QUIZ_ROLES.get(self.work, "")

    @property
    def wishes_in_words(self) -> list[str]:
        return [REWARD_WISHES[wish] for wish in self.wishes if wish in REWARD_WISHES]


class Retention(models.Model):
    """For how many months raw events are kept; null keeps them all. One row."""

    months = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_retention"),
            models.CheckConstraint(
                condition=models.Q(months=None) | models.Q(months__gte=3), name="retention_in_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.months} months" if self.months else "for ever"
