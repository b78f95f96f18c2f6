"""Events and daily usage.

Invariants: an event is stored once per source and message id; daily usage,
event days and contact days are exact sums over the stored events, kept in the
same statement that stores them. So the accounts and contacts of these sums are
those of events, which the database checks; it does not check each sum anew.
A count of a day that would be more than its column holds stands at the largest.
"""

from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account, Contact
from accounts.sources.models import Source


class KeyAction(models.Model):
    """An event name that Product has marked as high-value (export, report, API call)."""

    event_name = models.CharField(max_length=200, unique=True)

    class Meta:
        ordering = ["event_name"]

    def __str__(self) -> str:
        return self.event_name


class Event(models.Model):
    """One thing that happened, with its own id and time (UTC).

    `before_subscription` flags use that is dated before its subscription starts:
    kept, but worth a look. `by_contact`: the event named no account, so that it
    is at that of its contact at its time, and goes with them when that is told later.
    """

    # Not checked by the database for each event: every batch would lock the one row of its
    # source a hundred times over. The key of the request has just shown that it exists.
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    message_id = models.CharField(max_length=255)
    account = models.ForeignKey(Account, models.PROTECT, related_name="events", db_index=False)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)
    seconds = models.PositiveIntegerField(default=0)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    before_subscription = models.BooleanField(default=False)
    by_contact = models.BooleanField(default=False, db_default=False)
    properties = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["account", "name", "occurred_at"], name="event_by_account"),
        ]
        constraints = [models.UniqueConstraint(fields=["source", "message_id"], name="event_once")]

    def __str__(self) -> str:
        return f"{self.name} at {self.occurred_at:%d %b %Y %H:%M}"


class ForgottenDays(models.Model):
    """The days (UTC) from `since` on and before `until`, of which raw events were deleted. At most one row.

    It is committed before the first of them is deleted, and only ever grows:
    nothing that is dated in these days is stored any more.
    """

    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_forgotten_days"),
            models.CheckConstraint(condition=models.Q(since__lt=models.F("until")), name="forgotten_days_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.since:%d %b %Y} to before {self.until:%d %b %Y}"


class DailyUsage(models.Model):
    """What happened at an account on a day (UTC), added up.

    `key_first_at` and `key_last_at`: when the first and the last key action of the day happened.
    """

    pk = models.CompositePrimaryKey("account_id", "day")
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="daily_usage", db_index=False, db_constraint=False
    )
    day = models.DateField()
    events = models.PositiveIntegerField()
    key_actions = models.PositiveIntegerField()
    sign_ins = models.PositiveIntegerField()
    seconds = models.PositiveBigIntegerField()
    key_first_at = models.DateTimeField(null=True)
    key_last_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.events} events on {self.day}"


class EventDay(models.Model):
    """How often one named event happened at an account on a day (UTC), and when first and last.

    A day in UTC touches at most two days of any other zone, so that the first and the last moment
    tell on which days of the account the event happened: in whatever zone, for as long as daily
    usage is kept. Unknown when all of it had a quantity of 0.
    """

    pk = models.CompositePrimaryKey("account_id", "day", "name")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    day = models.DateField()
    name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.quantity} {self.name} on {self.day}"


class ContactDay(models.Model):
    """How often one contact used the product on a day (UTC)."""

    pk = models.CompositePrimaryKey("account_id", "day", "contact_id")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    day = models.DateField()
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+", db_index=True, db_constraint=False)
    events = models.PositiveIntegerField()
    key_actions = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.events} events on {self.day}"


class MeteredDay(models.Model):
    """How much was processed for an account on a day (UTC), of events that told their gigabytes."""

    pk = models.CompositePrimaryKey("account_id", "day")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    day = models.DateField()
    gigabytes = models.DecimalField(max_digits=20, decimal_places=6)

    def __str__(self) -> str:
        return f"{self.gigabytes} GB on {self.day}"
