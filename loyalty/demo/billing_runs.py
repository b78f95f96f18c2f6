"""The invoices that the demo company's billing sends out for renewals, monthly ones too; each is due a fortnight later.

Told are those that are open at the end of the history, and all that come after it: what was paid before, the
programme could not lower any more.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import F

from accounts.records.models import Invoice, Subscription
from accounts.records.rules import InvoiceStatus
from rewards.ledger.forecast import bills_of

CAUSE = "subscription_cycle"
TERMS = timedelta(days=14)
ISSUED_AT = time(9)


def bill(until: datetime) -> None:
    """Tell of what is open at `until` (UTC), and that what fell due was paid. Harmless to repeat."""
    ours = Invoice.objects.filter(cause=CAUSE, external_id__startswith="in-", status=InvoiceStatus.OPEN.value)
    ours.filter(issued_at__lte=until - TERMS).update(
        status=InvoiceStatus.PAID.value, paid=F("due"), paid_at=F("issued_at") + TERMS, told_at=F("issued_at") + TERMS
    )
    held = dict(Subscription.objects.filter(external_id__startswith="sub-").values_list("account_id", "external_id"))
    today = until.date()
    made = [
        _invoice(account, held[account], day, billed.amount)
        for account, bills in bills_of(settings.REPORTING_CURRENCY, list(held), today).items()
        for billed in bills
        for day in billed.bills(today - TERMS + timedelta(days=1), today + timedelta(days=1))
    ]
    Invoice.objects.bulk_create([i for i in made if i.issued_at <= until], ignore_conflicts=True)


def _invoice(account: int, subscription: str, day: date, amount: Decimal) -> Invoice:
    issued, number = datetime.combine(day, ISSUED_AT, UTC), f"{subscription.removeprefix('sub-')}-{day:%y%m%d}"
    return Invoice(
        account_id=account,
        external_id=f"in-{number}",
        subscription_external_id=subscription,
        number=f"LF-{number}",
        status=InvoiceStatus.OPEN.value,
        cause=CAUSE,
        currency=settings.REPORTING_CURRENCY,
        due=amount,
        paid=Decimal(0),
        issued_at=issued,
        told_at=issued,
        told_as=f"in-{number}",
    )
