"""Keys of the rewards API, and the redemptions that were asked for by it.

Invariants: a key is shown once and stored as a digest; an idempotency key means
one redemption for good, written in the transaction of its posting, with the
answer that everybody gets who sends it again.
"""

from django.db import models

from accounts.records.models import Account
from rewards.ledger.models import Posting
from rewards.offers.models import Grant


class ApiKey(models.Model):
    """What a program of ours shows to read an account's rewards and, when it may, to redeem them."""

    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    may_redeem = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"…{self.hint} of {self.name}"


class Redemption(models.Model):
    """One use of a reward that a program asked for: of credit (`posting`), or of a grant that is none (`grant`)."""

    key = models.CharField(max_length=100, unique=True)
    asked = models.JSONField()
    answer = models.JSONField(default=dict)
    account = models.ForeignKey(Account, models.PROTECT, related_name="redemptions")
    posting = models.OneToOneField(Posting, models.PROTECT, null=True, related_name="+")
    grant = models.OneToOneField(Grant, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(ApiKey, models.PROTECT, related_name="redemptions")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Redemption {self.key}"
