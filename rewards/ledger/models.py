"""Double entry: postings that sum to zero, append-only by the database.

Invariants: a posting has a unique business key, so that posting twice is
posting once; its lines sum to zero per currency, checked by the database when
they are written; nothing is updated or deleted, a mistake is reversed; the day
it is booked on differs from the moment it was written. A credit lot's room is
the sum of the lines that name it. A balance is never a column, so the accounts
of the programme have no row that postings would wait for, and need no
sub-accounts to share the load.
"""

from django.db import models

from accounts.records.models import Account
from rewards.ledger.rules import PostingKind


class LedgerAccount(models.Model):
    """An account of the books (not a customer)."""

    append_only = True

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class CreditLot(models.Model):
    """A credit of one grant: usable on [issued_on, expires_on]. Amount in `currency`."""

    append_only = True

    account = models.ForeignKey(Account, models.PROTECT, related_name="credit_lots")
    grant = models.OneToOneField("rewards.Grant", models.PROTECT, related_name="lot")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    issued_on = models.DateField()
    expires_on = models.DateField()

    class Meta:
        ordering = ["expires_on", "issued_on", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="lot_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(expires_on__gte=models.F("issued_on")), name="lot_expires_after_issue"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} until {self.expires_on}"


class Posting(models.Model):
    """One balanced entry of the journal, tied to its cause; `account` is null when it is about all customers."""

    append_only = True

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in PostingKind])
    booked_on = models.DateField()
    written_at = models.DateTimeField(auto_now_add=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="postings")
    cause = models.CharField(max_length=300)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")

    class Meta:
        ordering = ["-booked_on", "-id"]
        indexes = [models.Index(fields=["booked_on", "kind"], name="posting_by_day")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.booked_on}"

    @property
    def customer(self) -> str:
        """Whose posting it is, in words."""
        return self.account.name if self.account else "All customers"


class PostingLine(models.Model):
    """One side of a posting: debit positive, credit negative."""

    append_only = True

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="lines")
    ledger_account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="lines", db_index=False)
    lot = models.ForeignKey(CreditLot, models.PROTECT, null=True, related_name="lines")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["ledger_account", "posting"], name="line_by_ledger_account")]
        constraints = [models.CheckConstraint(condition=~models.Q(amount=0), name="line_not_zero")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
