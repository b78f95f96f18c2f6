"""Who of the demo company's customers was referred by whom, and the first invoices that these paid.

Drawn from a customer's own number, whatever the number of accounts. A customer is referred by one
of a lower number who was there before, is content and stays.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import numpy as np
from django.conf import settings

from accounts.records.models import Invoice
from accounts.records.rules import BillingFrequency, InvoiceStatus
from loyalty.core.money import cents
from loyalty.demo.company import SEED, Customer
from loyalty.demo.contracts import Term
from loyalty.demo.moods import Mood

SHARE = 0.08
LEAST_OLDER = timedelta(days=60)
ISSUED_AT, PAYS_AFTER = time(9), timedelta(days=2)
MONTHS = {BillingFrequency.MONTHLY.value: 1, BillingFrequency.ANNUAL.value: 12}


def referrers(customers: Sequence[Customer]) -> Mapping[str, str]:
    """External id of a referred customer → that of its referrer."""
    found: dict[str, str] = {}
    content: list[Customer] = []
    for customer in customers:
        rng = np.random.default_rng([SEED, 8, customer.index])
        older = [c.external_id for c in content if customer.signed_up_on - c.signed_up_on > LEAST_OLDER]
        if older and rng.random() < SHARE:
            found[customer.external_id] = older[int(rng.integers(len(older)))]
        if (
            customer.mood in (Mood.POWER, Mood.GROWING)
            and customer.contract.is_paid
            and not customer.contract.churned_on
        ):
            content.append(customer)
    return found


def write_first_invoices(customers: Sequence[Customer], accounts: Sequence[int], until: datetime) -> None:
    """The invoices of referred customers that were paid by `until` (UTC), unless they are there."""
    referred = referrers(customers)
    firsts = [
        (c, next(term for term in c.contract.terms if not term.is_trial))
        for c in customers
        if c.external_id in referred and c.contract.is_paid
    ]
    made = (_invoice(c, accounts[c.index], first) for c, first in firsts)
    Invoice.objects.bulk_create([i for i in made if i.paid_at and i.paid_at <= until], ignore_conflicts=True)


def _invoice(customer: Customer, account: int, first: Term) -> Invoice:
    """Of the first term: a month, or a year in advance."""
    issued = datetime.combine(first.starts_on, ISSUED_AT, UTC)
    amount: Decimal = cents(first.mrr * MONTHS.get(first.billing_frequency, 12))
    return Invoice(
        account_id=account,
        external_id=f"in-{customer.index:05d}-1",
        subscription_external_id=f"sub-{customer.index:05d}",
        number=f"LF-{customer.index:05d}-0001",
        status=InvoiceStatus.PAID.value,
        cause="subscription_create",
        currency=settings.REPORTING_CURRENCY,
        due=amount,
        paid=amount,
        issued_at=issued,
        paid_at=issued + PAYS_AFTER,
        told_at=issued + PAYS_AFTER,
        told_as=f"in-{customer.index:05d}-1",
    )
