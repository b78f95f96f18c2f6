"""What is remembered of Stripe's events: that each came once, whose customer is whose account, and the coupons."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account
from accounts.records.rules import Unpriced, choices
from accounts.sources.models import Source


class StripeCall(models.Model):
    """An event of Stripe that was taken in: once per source and event id.

    `call` is the type of the event, `occurred_at` when Stripe made it. `payload`
    is what is kept of it, without who people are; null where no rule looks at
    events of its type, which are only counted. `named` are the discounts that
    it only names; `unpriced` says why the MRR of its subscription is unknown.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    message_id = models.CharField(max_length=255)
    call = models.CharField(max_length=100)
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    payload = models.JSONField(null=True)
    named = ArrayField(models.TextField(), db_default=[])
    unpriced = models.CharField(max_length=20, choices=choices(Unpriced), blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["source", "message_id"], name="stripe_call_once")]
        indexes = [GinIndex(fields=["named"], name="stripe_call_by_name", condition=~models.Q(named=[]))]

    def __str__(self) -> str:
        return f"{self.call} at {self.occurred_at:%d %b %Y %H:%M}"


class BillingCustomer(models.Model):
    """A customer of a billing system and the account that it is, as the newest event told.

    `balance` in `currency` is what billing keeps for it, above zero in its
    favour; None when it was not told.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=255)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    balance = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True, db_default="")
    told_at = models.DateTimeField()
    told_as = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="billing_customer_once")]

    def __str__(self) -> str:
        return f"{self.external_id} is {self.account}"


class BillingCoupon(models.Model):
    """A coupon of a billing system, which never changes: what it takes off, and for how long.

    `percent_off` of 100, or `amount_off` in smallest units of `currency`, each
    period. `products`: the only ones that it applies to; null is all. An id may
    be given again once a coupon was deleted: `made_at` tells them apart.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=255)
    made_at = models.DateTimeField()
    duration = models.CharField(max_length=20)
    percent_off = models.DecimalField(max_digits=12, decimal_places=9, null=True)
    amount_off = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    products = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id", "made_at"], name="billing_coupon_once")]

    def __str__(self) -> str:
        return f"Coupon {self.external_id}"


class BillingDiscount(models.Model):
    """A coupon at work in a billing system, as the newest event told: `coupon` is its id, times are UTC.

    `customer`: whose whole bills it lowers; "" when it is at work for less than
    that. `removed_at`: when it was taken away, which nothing told of it later undoes.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=255)
    coupon = models.CharField(max_length=255)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    customer = models.CharField(max_length=255, blank=True, db_default="")
    removed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField()
    told_as = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="billing_discount_once")]
        indexes = [
            models.Index(fields=["source", "coupon"], name="billing_discount_by_coupon"),
            models.Index(
                fields=["source", "customer"], name="billing_discount_of_customer", condition=~models.Q(customer="")
            ),
        ]

    def __str__(self) -> str:
        return f"Discount {self.external_id}"
