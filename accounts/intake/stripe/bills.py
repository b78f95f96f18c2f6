"""An invoice of Stripe in our words. Pure."""

from datetime import UTC, datetime

from accounts.intake.stripe.amounts import in_units
from accounts.intake.stripe.shapes import Invoice, id_of
from accounts.records.rules import Bill, InvoiceStatus
from loyalty.core.money import cents

_STATUSES = {status.value: status for status in InvoiceStatus}


def bill_of(invoice: Invoice) -> Bill | None:
    """The bill; None for a draft, which nobody owes yet. Amounts in its currency, times UTC."""
    status = _STATUSES.get(invoice.status or "")
    if status is None:
        return None
    told = invoice.status_transitions
    parent = invoice.parent.subscription_details if invoice.parent else None
    is_paid = status is InvoiceStatus.PAID
    return Bill(
        external_id=invoice.id,
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
    )


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
