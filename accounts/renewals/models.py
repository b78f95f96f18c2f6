"""Renewals that were paid: the invoice of a term of a year or more that went on.

Invariants: an invoice is a renewal once; the row is made once and its id stays,
so that it can be the cause of an offer.
"""

from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account, Invoice


class Renewal(models.Model):
    """A dated fact: the account paid the invoice of a renewal at `paid_at` (UTC).

    `fires` is false when that was told too late. `withdrawn_at`: since when it is known that the invoice is void, or
    that all of it was given back; leave it out then.
    """

    invoice = models.OneToOneField(Invoice, models.PROTECT, related_name="renewal")
    account = models.ForeignKey(Account, models.PROTECT, related_name="renewals")
    paid_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    fires = models.BooleanField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-paid_at", "-id"]
        indexes = [
            models.Index(fields=["account", "-paid_at"], name="renewal_by_account"),
            models.Index(fields=["id"], condition=models.Q(withdrawn_at__isnull=False), name="renewal_withdrawn"),
        ]

    def __str__(self) -> str:
        return f"{self.account} renewed"
