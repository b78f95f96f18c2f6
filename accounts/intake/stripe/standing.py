"""Discounts of a whole customer of Stripe, as the days on which they stand.

A customer has one such discount at a time: the next begins where the one
before ends. It comes off every subscription that has none of its own
(docs.stripe.com/billing/subscriptions/coupons). One that works once, or for
some months, moves no MRR, and only ends the one before.

Invariant: what stands is a function of the discounts and coupons that are
known. Call under the lock of whoever learns.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection

from accounts.intake.stripe.amounts import in_units
from accounts.intake.stripe.discounts import DISCOUNT, FOREVER, Known
from accounts.intake.stripe.models import BillingDiscount
from accounts.intake.stripe.shapes import Coupon
from loyalty.core.money import cents

# The facts of every subscription that it comes off are marked from the first day of what is different now.
_STAND = """
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(%(standing)s::jsonb) AS w(
        customer text, since date, until date, percent_off numeric, amount_off numeric, currency text)
),
gone AS (
    DELETE FROM accounts_standingdiscount s
    WHERE customer = ANY (%(customers)s)
      AND NOT EXISTS (SELECT FROM wanted w WHERE (w.customer, w.since) = (s.customer, s.since))
    RETURNING customer, since
),
come AS (
    INSERT INTO accounts_standingdiscount AS kept (customer, since, until, percent_off, amount_off, currency)
    SELECT * FROM wanted ORDER BY customer, since
    ON CONFLICT (customer, since) DO UPDATE
    SET until = excluded.until, percent_off = excluded.percent_off, amount_off = excluded.amount_off,
        currency = excluded.currency
    WHERE (kept.until, kept.percent_off, kept.amount_off, kept.currency)
        IS DISTINCT FROM (excluded.until, excluded.percent_off, excluded.amount_off, excluded.currency)
    RETURNING customer, since
),
changed AS (
    SELECT customer, min(since) AS day FROM (SELECT * FROM gone UNION ALL SELECT * FROM come) AS each GROUP BY customer
)
INSERT INTO accounts_factsdirty (account_id, day)
SELECT s.account_id, min(c.day)
FROM changed c
JOIN accounts_subscriptionterm t ON t.discounts_of = c.customer
JOIN accounts_subscription s ON s.id = t.subscription_id
GROUP BY s.account_id ORDER BY s.account_id
"""


def customers_of(source_id: int, names: Iterable[str]) -> list[str]:
    """The customers whose whole bills the discounts of these names lower."""
    ids = [name.removeprefix(f"{DISCOUNT} ") for name in names]
    named = BillingDiscount.objects.filter(source_id=source_id, external_id__in=ids).exclude(customer="")
    return sorted(set(named.values_list("customer", flat=True)))


def discounts_of(source_id: int, customers: Sequence[str]) -> list[BillingDiscount]:
    """All that was told of these customers' discounts, by customer and start."""
    told = BillingDiscount.objects.filter(source_id=source_id, customer__in=customers)
    return list(told.order_by("customer", "starts_at", "external_id"))


def stand(customers: Sequence[str], discounts: Sequence[BillingDiscount], known: Known) -> None:
    """Let stand what `discounts` tell of `customers`, and nothing else; `known` are their coupons by name."""
    standing = [
        row
        for customer, told in groupby(discounts, lambda discount: discount.customer)
        for row in _standing(customer, list(told), known)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_STAND, {"customers": list(customers), "standing": json.dumps(standing, default=str)})


def _standing(customer: str, told: list[BillingDiscount], known: Known) -> Iterator[dict[str, Any]]:
    begun = [(discount, discount.starts_at) for discount in told if discount.starts_at]
    for place, (discount, starts_at) in enumerate(begun):
        ends = [discount.removed_at, begun[place + 1][1] if place + 1 < len(begun) else None]
        since, until = _day(starts_at), min((_day(end) for end in ends if end), default=None)
        coupon = known.get(f"{DISCOUNT} {discount.external_id}")
        if (until is not None and until <= since) or (coupon is not None and coupon.duration != FOREVER):
            continue
        yield {"customer": customer, "since": since, "until": until} | _off(coupon)


def _off(coupon: Coupon | None) -> dict[str, Any]:
    """What comes off; nothing of it is told for some products only, because it is not known which a term is of."""
    if coupon is None or coupon.applies_to is not None:
        return {"percent_off": None, "amount_off": None, "currency": ""}
    if coupon.percent_off is not None:
        return {"percent_off": Decimal(str(coupon.percent_off)), "amount_off": None, "currency": ""}
    currency = (coupon.currency or "").upper()
    amount = None if coupon.amount_off is None else cents(in_units(coupon.amount_off, currency))
    return {"percent_off": None, "amount_off": amount, "currency": currency}


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
