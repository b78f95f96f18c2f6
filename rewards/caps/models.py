"""Caps: limits on discount-equivalent value, or on occurrences, for a scope and a period.

Invariants: reserved and spent are never negative; a hard cap is never passed by
a new reservation, under any concurrency (the database function `caps_reserve`
decides, with the period rows locked in the order of their ids); an offer
reserves once in a cap period, and that reservation ends exactly once. Entries
are append-only; the counters of a period equal their sum, and a check proves it.
Entries and counters are in the measure of their cap: money, or whole occurrences.
"""

from django.db import models
from django.db.models.functions import Floor

from rewards.caps.rules import CapEntryKind, CapMeasure, CapPeriodKind, CapScope, Use


class Cap(models.Model):
    """A limit in the reporting currency, or a number of occurrences; hard refuses, soft asks Finance."""

    name = models.CharField(max_length=120)
    scope = models.CharField(max_length=20, choices=[(s.value, s.label) for s in CapScope])
    scope_key = models.CharField(max_length=64, blank=True)
    period = models.CharField(max_length=20, choices=[(p.value, p.value) for p in CapPeriodKind])
    measure = models.CharField(
        max_length=12,
        choices=[(m.value, m.value) for m in CapMeasure],
        default=CapMeasure.VALUE.value,
        db_default=CapMeasure.VALUE.value,
    )
    limit = models.DecimalField(max_digits=14, decimal_places=2)
    is_hard = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    # The version in which the limit was last set: marks are told of each limit anew.
    limit_version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(limit__gte=0), name="cap_limit_not_negative"),
            models.CheckConstraint(
                condition=~models.Q(period="contract_term") | models.Q(scope="account"),
                name="cap_contract_term_of_an_account",
            ),
            models.CheckConstraint(
                condition=models.Q(measure="value") | models.Q(limit=Floor("limit")),
                name="cap_counts_whole_occurrences",
            ),
            models.UniqueConstraint(
                fields=["scope", "scope_key", "period", "measure"],
                condition=models.Q(is_active=True),
                name="one_active_cap_a_scope_and_period",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CapPeriod(models.Model):
    """The counters of a cap in one period, [starts_on, ends_on)."""

    cap = models.ForeignKey(Cap, models.PROTECT, related_name="periods")
    starts_on = models.DateField()
    ends_on = models.DateField()
    reserved = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    spent = models.DecimalField(max_digits=16, decimal_places=2, default=0)

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["cap", "starts_on"], name="cap_period_once"),
            models.CheckConstraint(condition=models.Q(reserved__gte=0), name="cap_reserved_not_negative"),
            models.CheckConstraint(condition=models.Q(spent__gte=0), name="cap_spent_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.cap} from {self.starts_on}"

    @property
    def use(self) -> Use:
        """What is taken of the cap in this period."""
        return Use(self.cap.limit, self.reserved, self.spent, CapMeasure(self.cap.measure))


class CapEntry(models.Model):
    """One movement: room reserved, spent or released by one offer in one period.

    `turn` counts how often the offer asked: more than once only when its rejection was taken back.
    """

    append_only = True

    # The unique constraint is its index: by one on the period alone a whole period may be read for each offer.
    period = models.ForeignKey(CapPeriod, models.PROTECT, related_name="entries", db_index=False)
    offer = models.ForeignKey("rewards.Offer", models.PROTECT, related_name="cap_entries")
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in CapEntryKind])
    turn = models.PositiveSmallIntegerField(default=1, db_default=1)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["period", "offer", "kind", "turn"], name="cap_entry_once"),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="cap_entry_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class CapAlert(models.Model):
    """A mark that a limit reached in a period, in per cent, and what was committed when people were told of it."""

    period = models.ForeignKey(CapPeriod, models.PROTECT, related_name="alerts", db_index=False)
    mark = models.PositiveSmallIntegerField()
    limit_version = models.PositiveIntegerField()
    committed = models.DecimalField(max_digits=16, decimal_places=2)
    limit = models.DecimalField(max_digits=14, decimal_places=2)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["period", "limit_version", "mark"], name="cap_alert_once"),
        ]

    def __str__(self) -> str:
        return f"{self.period} at {self.mark} %"
