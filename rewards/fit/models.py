"""The contract-fit matrix as data. Invariant: every edit makes a version; what forbids is `unfit` and in force."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loyalty.core.people.rules import FUNCTION_CHOICES
from rewards.fit.rules import Contract, FitTerms, Verdict


class FitRule(models.Model):
    """One rule: what goes, or does not go, with one class of contract."""

    contract = models.CharField(max_length=20, choices=[(c.value, c.label) for c in Contract])
    verdict = models.CharField(max_length=10, choices=[(v.value, v.value) for v in Verdict])
    kinds = ArrayField(models.CharField(max_length=40))
    by_hand = models.BooleanField(default=False)
    percent_from = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    percent_to = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    above_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    before_status = models.BooleanField(default=False)
    owner_function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.terms.in_words()

    @property
    def terms(self) -> FitTerms:
        return FitTerms(
            Contract(self.contract),
            Verdict(self.verdict),
            tuple(self.kinds),
            self.by_hand,
            self.percent_from,
            self.percent_to,
            self.above_percent,
            self.before_status,
        )


class FitRuleVersion(models.Model):
    """What a rule said from `effective_at` until the next version, as its editable values."""

    rule = models.ForeignKey(FitRule, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    values = models.JSONField()
    effective_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["rule", "version"], name="fit_rule_version_once")]

    def __str__(self) -> str:
        return f"{self.rule}, version {self.version}"
