"""What is remembered of Stripe's events: that each came once, and whose customer is whose account."""

from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account
from accounts.sources.models import Source


class StripeCall(models.Model):
    """An event of Stripe that was taken in: once per source and event id.

    `call` is the type of the event, `occurred_at` when Stripe made it. `payload`
    is what is kept of it, without who people are; null where no rule looks at
    events of its type, which are only counted.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    message_id = models.CharField(max_length=255)
    call = models.CharField(max_length=100)
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    payload = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["source", "message_id"], name="stripe_call_once")]

    def __str__(self) -> str:
        return f"{self.call} at {self.occurred_at:%d %b %Y %H:%M}"


class BillingCustomer(models.Model):
    """A customer of a billing system and the account that it is, as the newest event told."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=255)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    told_at = models.DateTimeField()
    told_as = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="billing_customer_once")]

    def __str__(self) -> str:
        return f"{self.external_id} is {self.account}"
