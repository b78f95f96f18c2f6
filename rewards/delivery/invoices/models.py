"""Credits that lower renewal and expansion invoices.

Invariants: the database notes each such invoice once, in the transaction that
stores it; it is lowered once, by one posting under the invoice's own key; a
voided invoice gives its credit back, once.
"""

from django.db import models

from accounts.records.models import Invoice
from rewards.delivery.invoices.rules import CONNECTOR_CHOICES, Connector, CreditState
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
    """One invoice that credit may lower, and by how much it did; `amount` in the invoice's currency."""

    invoice = models.OneToOneField(Invoice, models.PROTECT, related_name="programme_credit")
    state = models.CharField(
        max_length=10,
        choices=[(s.value, s.value) for s in CreditState],
        default=CreditState.DUE.value,
        db_default=CreditState.DUE.value,
    )
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    posting = models.OneToOneField(Posting, models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=[CreditState.DUE.value, CreditState.VOIDED.value]),
                name="invoice_credit_to_do",
            )
        ]

    def __str__(self) -> str:
        return f"Credit on {self.invoice}"
