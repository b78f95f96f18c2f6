"""Referrals: an account that another one referred pays its first invoice.

Invariants: a referred account converts once; the row is made once and its id
stays, so that it can be the cause of an offer.
"""

from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account, Invoice


class Referral(models.Model):
    """A dated fact: `referred`, of whom `referrer` had told, paid its first invoice at `converted_at` (UTC).

    An earlier payment that is told late moves the moment, and a corrected `referred_by` the referrer;
    neither changes whether it fires. `fires` is false when the payment was told too late.
    """

    referred = models.OneToOneField(Account, models.PROTECT, related_name="referral")
    referrer = models.ForeignKey(Account, models.PROTECT, related_name="referrals")
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="+")
    converted_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    fires = models.BooleanField()

    class Meta:
        ordering = ["-converted_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(referred=models.F("referrer")), name="referral_is_of_another_account"
            )
        ]
        indexes = [models.Index(fields=["-converted_at"], name="referral_by_time")]

    def __str__(self) -> str:
        return f"{self.referrer} referred {self.referred}"
