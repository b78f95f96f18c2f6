"""The rules of approval as data. Invariants: every edit makes a version; a rule belongs to the function it calls on."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.records.rules import PlanSegment
from loyalty.core.people.rules import FUNCTION_CHOICES
from rewards.approvals.required.rules import ApprovalTerms, terms_of
from rewards.catalogue.models import KIND_CHOICES


class ApprovalRule(models.Model):
    """When `function` must approve an offer; all conditions that are given must hold."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    above_value = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    soft_cap_exceeded = models.BooleanField(default=False)
    limited_supply = models.BooleanField(default=False)
    kinds = ArrayField(models.CharField(max_length=40, choices=KIND_CHOICES), default=list)
    plan_segments = ArrayField(
        models.CharField(max_length=20, choices=[(s.value, s.value) for s in PlanSegment]), default=list
    )
    first_use = models.BooleanField(default=False)
    in_sequence = models.BooleanField(default=True)
    is_active = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(above_value__gte=0)
                | models.Q(soft_cap_exceeded=True)
                | models.Q(limited_supply=True)
                | models.Q(first_use=True)
                | ~models.Q(kinds=[])
                | ~models.Q(plan_segments=[]),
                name="approval_rule_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def terms(self) -> ApprovalTerms:
        return terms_of(self.function, vars(self))


class ApprovalRuleVersion(models.Model):
    """What a rule said from `effective_at` until the next version, as its editable values."""

    rule = models.ForeignKey(ApprovalRule, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    values = models.JSONField()
    effective_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["rule", "version"], name="approval_rule_version_once")]

    def __str__(self) -> str:
        return f"{self.rule}, version {self.version}"
