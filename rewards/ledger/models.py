"""Double entry: postings that sum to zero, append-only by the database.

Invariants: a posting has a unique business key, so that posting twice is
posting once; its lines sum to zero per currency, checked by the database when
they are written; nothing is updated or deleted, a mistake is reversed; the day
it is booked on differs from the moment it was written. A credit lot's room is
the sum of the lines that name it. A balance is never a column, so the accounts
of the programme have no row that postings would wait for, and need no
sub-accounts to share the load. The summaries (cells) are made afterwards, of the
postings that wait for it, and the check proves them against all postings.
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
    """A credit of one grant: usable on [issued_on, expires_on]. Amount in `currency`.

    `tier` and `segment` (its primary one) are those of the account on the day of issue, put in by the
    database and empty when unknown: what is owed is split by them, and history does not move with the account.
    """

    append_only = True

    account = models.ForeignKey(Account, models.PROTECT, related_name="credit_lots")
    grant = models.OneToOneField("rewards.Grant", models.PROTECT, related_name="lot")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    issued_on = models.DateField()
    expires_on = models.DateField()
    tier = models.CharField(max_length=60, blank=True, db_default="")
    segment = models.CharField(max_length=60, blank=True, db_default="")

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


class UnfoldedPosting(models.Model):
    """A posting that the cells below do not hold yet; written with the posting by the database itself."""

    posting = models.OneToOneField(Posting, models.PROTECT, primary_key=True, db_constraint=False, related_name="+")

    def __str__(self) -> str:
        return f"Posting {self.posting_id} waits"


class MonthCell(models.Model):
    """By how much the liability shrank (an issue is negative) in one month by one kind, of all folded postings."""

    currency = models.CharField(max_length=3)
    month = models.DateField()
    kind = models.CharField(max_length=10)
    amount = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        ordering = ["currency", "month", "kind"]
        constraints = [models.UniqueConstraint(fields=["currency", "month", "kind"], name="month_cell_once")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.month:%b %Y}: {self.amount} {self.currency}"


class OpenCell(models.Model):
    """What is left, at face, of the credits that expire in one month and share what they come from; folded postings."""

    currency = models.CharField(max_length=3)
    expires_in = models.DateField()
    campaign = models.ForeignKey("rewards.Campaign", models.PROTECT, related_name="+", db_index=False)
    reward = models.ForeignKey("rewards.Reward", models.PROTECT, related_name="+", db_index=False)
    tier = models.CharField(max_length=60, blank=True)
    segment = models.CharField(max_length=60, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        ordering = ["currency", "expires_in", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "expires_in", "campaign", "reward", "tier", "segment"], name="open_cell_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} until {self.expires_in:%b %Y}"


class BooksProof(models.Model):
    """That the cells and all postings were held against each other, and what the liability of a currency was."""

    at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    postings = models.PositiveBigIntegerField()
    liability = models.DecimalField(max_digits=18, decimal_places=2)
    holds = models.BooleanField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.liability} {self.currency} at {self.at}"
