"""What invoices took of credit, for the page and the file; and since when a change of a balance waits."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db.models import Min, QuerySet

from rewards.delivery.billing.connecting import connection_now
from rewards.delivery.invoices.models import BalanceChange, InvoiceCredit
from rewards.delivery.invoices.rules import ChangeState
from rewards.ledger.models import Posting
from rewards.ledger.queries import lines_of
from rewards.ledger.rules import ZERO

CSV_HEADER = (
    *("invoice", "invoice id", "account", "external_id", "credit", "currency", "invoice due", "state", "applied on"),
    *("posting", "way", "why"),
)


def taken_by(redemption: Posting) -> Decimal:
    """The credit that a redemption used, in its currency."""
    return sum((line.amount for line in lines_of(redemption.pk) if line.lot), ZERO)


def csv_rows(rows: QuerySet[InvoiceCredit]) -> Iterator[list[object]]:
    """Credits on invoices as lines of the file for Finance, in the order in which they were noted."""
    for c in rows.order_by("id").iterator(chunk_size=2000):
        bill, account = c.invoice, c.invoice.account
        yield [
            *(bill.number, bill.external_id, account.name, account.external_id, c.amount, bill.currency, bill.due),
            *(c.state, c.applied_at.date() if c.applied_at else None, c.posting_id, c.way, c.why),
        ]


def due_since(now: datetime) -> datetime | None:
    """Since when the oldest change of a balance waits that somebody should be sending; None when none does."""
    kept = connection_now()
    if kept is None or kept.locked_out_at is not None:
        return None
    due = BalanceChange.objects.filter(state=ChangeState.WAITING, due_at__lte=now, lease_until=None)
    since: datetime | None = due.aggregate(since=Min("due_at"))["since"]
    return since
