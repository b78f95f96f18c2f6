"""What persons received, and what is known of them for tax.

Invariants: a delivered reward is one payment, dated by the day it was delivered, and the threshold of that
day's year counts; one that was declined or lapsed stays here and counts nowhere (see `received`);
nobody's name or tax number is kept here, only whether the form is on file elsewhere. Payments stay when a
contact is erased.
"""

from django.db import models

from accounts.records.models import Account, Contact
from rewards.offers.models import Offer
from rewards.tax.rules import RECIPIENT_CHOICES, Recipient


class TaxRules(models.Model):
    """The thresholds as they stand now; one row."""

    values = models.JSONField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_set_of_tax_rules")]

    def __str__(self) -> str:
        return "Tax thresholds"


class TaxRulesVersion(models.Model):
    """The thresholds from `effective_at` until the next version."""

    version = models.PositiveIntegerField(unique=True)
    values = models.JSONField()
    effective_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"Tax thresholds, version {self.version}"


class TaxProfile(models.Model):
    """What Finance knows of a person. `country` "" is that of their account; `form_filed_on`: the form is on file."""

    contact = models.OneToOneField(Contact, models.PROTECT, primary_key=True, related_name="tax_profile")
    recipient = models.CharField(max_length=20, choices=RECIPIENT_CHOICES, default=Recipient.INDIVIDUAL.value)
    country = models.CharField(max_length=2, blank=True)
    form_filed_on = models.DateField(null=True)
    has_tax_number = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"Tax of {self.contact}"


class TaxablePayment(models.Model):
    """One reward that a person received on `paid_on` (UTC); amount in `currency`."""

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="tax_payment")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="tax_payments", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    country = models.CharField(max_length=2, blank=True)
    paid_on = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["-paid_on", "-id"]
        indexes = [models.Index(fields=["contact", "paid_on"], name="payment_by_contact")]
        constraints = [models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_above_zero")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} on {self.paid_on}"
