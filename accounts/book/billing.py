"""What billing tells of an account beside its subscriptions: bills, credits, and what it keeps for the customer."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Sum

from accounts.intake.stripe.models import BillingCustomer
from accounts.records.models import Account, BillingCredit, Invoice
from accounts.records.rules import CreditKind, CreditStatus, InvoiceStatus

SHOWN = 12

_CREDITS = {
    CreditKind.CREDIT_NOTE: "Credit note",
    CreditKind.BALANCE: "Customer balance",
    CreditKind.CREDIT_GRANT: "Credit grant",
}
# Word of billing → status whose look it has, and the word that is shown.
_FACES = {
    InvoiceStatus.DRAFT: ("draft", "Draft"),
    InvoiceStatus.OPEN: ("waiting", "Waits for payment"),
    InvoiceStatus.PAID: ("done", "Paid"),
    InvoiceStatus.VOID: ("voided", "Void"),
    InvoiceStatus.UNCOLLECTIBLE: ("failed", "Uncollectible"),
    CreditStatus.ISSUED: ("issue", "Issued"),
    CreditStatus.VOID: ("voided", "Void"),
}


@dataclass(frozen=True)
class Line:
    """A bill, or a credit (below zero): `amount` in `currency`, `at` in UTC."""

    at: datetime
    what: str
    number: str
    amount: Decimal
    currency: str
    status: str
    word: str
    note: str


@dataclass(frozen=True)
class Kept:
    """What billing keeps for the account in one currency, as it last told: below zero the customer owes it."""

    balance: Decimal
    currency: str


def lines(account: Account, day: date) -> list[Line]:
    """The latest bills and credits up to the end of the day, the newest first, each as billing tells it now."""
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
    bills = [_bill(row) for row in account.invoices.filter(issued_at__lt=end)[:SHOWN]]
    credits = [_credit(row) for row in account.billing_credits.filter(at__lt=end)[:SHOWN]]
    return sorted(bills + credits, key=lambda line: line.at, reverse=True)[:SHOWN]


def kept(account: Account) -> list[Kept]:
    """What billing keeps for the account now, where it is not nothing."""
    told = BillingCustomer.objects.filter(account=account).values("currency").annotate(kept=Sum("balance"))
    return [Kept(row["kept"], row["currency"]) for row in told.order_by("currency") if row["kept"]]


def _bill(row: Invoice) -> Line:
    status, word = _FACES[InvoiceStatus(row.status)]
    failed = row.failed_payments
    note = f"{failed} failed payment{'' if failed == 1 else 's'}" if failed else ""
    return Line(row.issued_at, "Invoice", row.number, row.due, row.currency, status, word, note)


def _credit(row: BillingCredit) -> Line:
    status, word = _FACES[CreditStatus(row.status)]
    what = _CREDITS[CreditKind(row.kind)]
    return Line(row.at, what, row.number, -row.amount, row.currency, status, word, row.cause.replace("_", " "))
