"""An invoice or a credit of Stripe in our words. Pure. Amounts in their currency, times UTC."""

from datetime import UTC, datetime
from decimal import Decimal

from accounts.intake.stripe.amounts import in_units
from accounts.intake.stripe.shapes import BalanceTransaction, CreditGrant, CreditNote, Invoice, id_of
from accounts.records.rules import Bill, Credit, CreditKind, CreditStatus, InvoiceStatus
from loyalty.core.money import cents

_STATUSES = {status.value: status for status in InvoiceStatus}


def bill_of(invoice: Invoice, *, is_deleted: bool = False) -> Bill | None:
    """The bill; None for a status that is not known. A draft that `is_deleted` is void: nobody will ever owe it."""
    status = InvoiceStatus.VOID if is_deleted else _STATUSES.get(invoice.status or "")
    if status is None:
        return None
    told = invoice.status_transitions
    parent = invoice.parent.subscription_details if invoice.parent else None
    is_paid = status is InvoiceStatus.PAID
    return Bill(
        external_id=invoice.id,
        customer=id_of(invoice.customer),
        subscription_external_id=id_of(parent.subscription if parent else invoice.subscription),
        number=(invoice.number or "")[:100],
        status=status,
        cause=(invoice.billing_reason or "")[:40],
        currency=invoice.currency.upper(),
        due=cents(in_units(invoice.amount_due, invoice.currency)),
        paid=cents(in_units(invoice.amount_paid, invoice.currency)),
        failed_payments=max(invoice.attempt_count - is_paid, 0),
        issued_at=_moment(told.finalized_at or invoice.created),
        paid_at=_moment(told.paid_at) if told.paid_at is not None else None,
        balance_before=_in_favour(invoice, invoice.starting_balance),
        balance_after=_in_favour(invoice, invoice.ending_balance),
    )


def credit_of(about: CreditNote | BalanceTransaction | CreditGrant) -> Credit | None:
    """The credit; None for a grant that is not in money. Its category, or why it was given, is its cause."""
    if isinstance(about, CreditNote):
        return _credit(
            about,
            CreditKind.CREDIT_NOTE,
            about.amount,
            about.currency,
            number=about.number,
            cause=about.reason,
            is_void=about.status == CreditStatus.VOID,
            effective_at=about.effective_at,
        )
    if isinstance(about, BalanceTransaction):
        return _credit(about, CreditKind.BALANCE, -about.amount, about.currency, cause=about.type)
    if about.amount.monetary is None:
        return None
    return _credit(
        about,
        CreditKind.CREDIT_GRANT,
        about.amount.monetary.value,
        about.amount.monetary.currency,
        cause=about.category,
        is_void=about.voided_at is not None,
        effective_at=about.effective_at,
        expires_at=about.expires_at,
    )


def _credit(
    about: CreditNote | BalanceTransaction | CreditGrant,
    kind: CreditKind,
    amount: int,
    currency: str,
    *,
    number: str | None = None,
    cause: str | None = None,
    is_void: bool = False,
    effective_at: int | None = None,
    expires_at: int | None = None,
) -> Credit:
    return Credit(
        external_id=about.id,
        kind=kind,
        status=CreditStatus.VOID if is_void else CreditStatus.ISSUED,
        number=(number or "")[:100],
        cause=(cause or "")[:60],
        invoice_external_id="" if isinstance(about, CreditGrant) else id_of(about.invoice),
        currency=currency.upper(),
        amount=cents(in_units(amount, currency)),
        at=_moment(about.created if effective_at is None else effective_at),
        expires_at=None if expires_at is None else _moment(expires_at),
    )


def _in_favour(invoice: Invoice, balance: int | None) -> Decimal | None:
    """A balance of Stripe, which is below zero in the customer's favour; known once the bill is no draft any more."""
    if balance is None or invoice.ending_balance is None:
        return None
    return cents(in_units(-balance, invoice.currency))


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
