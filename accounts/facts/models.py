"""Account facts: one row per account and day, all that a rule may look at.

The row of day D says how things stood at the end of D (UTC). Unknown is null.
The table is partitioned by month of `day`.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account


class AccountFacts(models.Model):
    """Money per month or year in the reporting currency; windows end with `day`."""

    pk = models.CompositePrimaryKey("day", "account_id")
    day = models.DateField()
    account = models.ForeignKey(Account, models.PROTECT, related_name="facts", db_index=False)
    plan_segment = models.CharField(max_length=20, null=True)
    billing_frequency = models.CharField(max_length=20, null=True)
    contract_months = models.IntegerField(null=True)
    paid_months = models.IntegerField(null=True)
    days_since_sign_up = models.IntegerField(null=True)
    renews_on = models.DateField(null=True)
    days_to_renewal = models.IntegerField(null=True)
    mrr = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    arr = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    mrr_year_before = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    seats_bought = models.IntegerField(null=True)
    seats_active = models.IntegerField(null=True)
    seat_utilisation = models.DecimalField(max_digits=8, decimal_places=4, null=True)
    days_since_sign_in = models.IntegerField(null=True)
    days_since_key_action = models.IntegerField(null=True)
    sign_ins_30 = models.IntegerField(null=True)
    active_days_28 = models.IntegerField(null=True)
    key_actions_30 = models.IntegerField(null=True)
    features_28 = models.IntegerField(null=True)
    minutes_28 = models.IntegerField(null=True)
    api_calls_30 = models.BigIntegerField(null=True)
    gigabytes_30 = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    open_tickets = models.IntegerField(null=True)
    tickets_30 = models.IntegerField(null=True)
    nps = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    csat_90 = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    cancellation_intent = models.BooleanField(null=True)
    milestones = ArrayField(models.CharField(max_length=60), default=list)
    recency_score = models.SmallIntegerField(null=True)
    frequency_score = models.SmallIntegerField(null=True)
    monetary_score = models.SmallIntegerField(null=True)
    streaks = models.JSONField(default=dict)
    tier = models.CharField(max_length=60, null=True)
    segments = ArrayField(models.CharField(max_length=60), default=list)
    primary_segment = models.CharField(max_length=60, null=True)
    refreshed_at = models.DateTimeField(db_default=Now())

    class Meta:
        managed = False  # the partitioned table is made by a migration in SQL
        db_table = "accounts_accountfacts"

    def __str__(self) -> str:
        return f"Facts of {self.day}"


class FactsDirty(models.Model):
    """A mark: the facts of this account must be worked out again from `day` on.

    Marks are only ever added by writers and removed by the refresh that served
    them, so that intake never waits for a refresh. `held_since`: the facts could not be worked out then; it is
    tried again with the next mark of the account, and at night.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    day = models.DateField()
    marked_at = models.DateTimeField(db_default=Now())
    held_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Dirty from {self.day}"


class SupportSince(models.Model):
    """One row: the day (UTC) of the first ticket that the facts of all accounts were last marked for; null for none.

    Before that day nobody knows whether an account has tickets; from it on, an
    account without one has none.
    """

    day = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_support_since")]

    def __str__(self) -> str:
        return f"Support is told since {self.day}"
