"""Credits that lower renewal and expansion invoices, and the changes of customer balances by which they do.

Invariants: the database notes each such invoice once, in the transaction that
stores it; it is lowered once, by one posting under the invoice's own key; a
voided invoice gives its credit back, once. A change of a balance is asked of
billing under a mark and keys of its own until it is known what came of it, and
an invoice has one such change under way at most.
"""

from uuid import uuid4

from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Invoice
from rewards.delivery.invoices.rules import CONNECTOR_CHOICES, ChangeKind, ChangeState, Connector, CreditState
from rewards.delivery.tries import Try
from rewards.ledger.models import Posting


class BillingSettings(models.Model):
    """How credits reach invoices; one row, which Finance owns."""

    connector = models.CharField(max_length=10, choices=CONNECTOR_CHOICES, default=Connector.OFF.value)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_billing_settings")]

    def __str__(self) -> str:
        return "Credits on invoices"


class InvoiceCredit(models.Model):
    """One invoice that credit may lower, and by how much it did; `amount` in the invoice's currency.

    `way` is how credits reached invoices when it was noted. `is_final`: what billing left of the credit was looked at,
    or nothing can be left. `why`: what billing said when it did not take it.
    """

    invoice = models.OneToOneField(Invoice, models.PROTECT, related_name="programme_credit")
    way = models.CharField(
        max_length=10, choices=CONNECTOR_CHOICES, default=Connector.FILE.value, db_default=Connector.FILE.value
    )
    state = models.CharField(
        max_length=10,
        choices=[(s.value, s.value) for s in CreditState],
        default=CreditState.DUE.value,
        db_default=CreditState.DUE.value,
    )
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    posting = models.OneToOneField(Posting, models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)
    is_final = models.BooleanField(default=True, db_default=True)
    attempt = models.PositiveSmallIntegerField(default=1, db_default=1)
    why = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=[CreditState.DUE.value, CreditState.VOIDED.value])
                | models.Q(state__in=[CreditState.SENDING.value, CreditState.APPLIED.value], is_final=False),
                name="invoice_credit_to_do",
            )
        ]

    def __str__(self) -> str:
        return f"Credit on {self.invoice}"


def new_mark() -> str:
    """What a change is found again by in billing; unlike a number it is never that of another database."""
    return uuid4().hex


class BalanceChange(models.Model):
    """One change of a customer's balance in billing; `amount` in the invoice's currency, above zero in its favour.

    `generation` counts requests that billing would not carry out again under the same key; `is_unsure`: an earlier try
    may have done it, so billing is asked about that first. `billing_id`, `made_at` and `balance` as billing answered.
    """

    credit = models.ForeignKey(InvoiceCredit, models.PROTECT, related_name="changes", db_index=False)
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in ChangeKind])
    attempt = models.PositiveSmallIntegerField(default=1)
    mark = models.CharField(max_length=32, unique=True, default=new_mark)
    customer = models.CharField(max_length=255)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in ChangeState], default=ChangeState.WAITING.value
    )
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True)
    generation = models.PositiveSmallIntegerField(default=0)
    is_unsure = models.BooleanField(default=False)
    told = models.CharField(max_length=300, blank=True)
    billing_id = models.CharField(max_length=255, blank=True)
    made_at = models.DateTimeField(null=True)
    balance = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["credit", "kind", "attempt"], name="one_change_a_kind_and_attempt"),
            models.UniqueConstraint(
                fields=["credit"],
                condition=models.Q(state__in=[ChangeState.WAITING.value, ChangeState.FAILED.value]),
                name="one_change_under_way",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state=ChangeState.WAITING.value),
                name="balance_change_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.credit}"


class BalanceTry(Try):
    """One try of a change."""

    change = models.ForeignKey(BalanceChange, models.CASCADE, related_name="log")
