"""What discounts and coupons mean: learned from the events in which they stand whole.

Invariants: what is known is a function of the events, whatever their order; an
MRR that waited for a discount is worked out as soon as it is known. So whoever
learns locks out, for one source, whoever looks up, until it is committed.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.intake.stripe.discounts import Known
from accounts.intake.stripe.models import StripeCall
from accounts.intake.stripe.reading import Told, read_again
from accounts.intake.stripe.shapes import Coupon, Discount, Products, Subscription
from accounts.intake.stripe.terms import telling
from accounts.records.repricing import reprice
from loyalty.core.prepared import run_prepared

# Calls that are read again at a time.
AT_ONCE = 500

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('discounts of source ' || %s, 0))"
_LOCK_SHARED = "SELECT pg_advisory_xact_lock_shared(hashtextextended('discounts of source ' || %s, 0))"

# Returns the names of all discounts that mean something else now.
_LEARN = """
WITH coupons AS (
    INSERT INTO accounts_billingcoupon
        (source_id, external_id, made_at, duration, percent_off, amount_off, currency, products)
    SELECT %(source)s, c.* FROM jsonb_to_recordset(%(coupons)s::jsonb) AS c(
        external_id text, made_at timestamptz, duration text, percent_off numeric, amount_off bigint, currency text,
        products jsonb)
    ORDER BY c.external_id
    ON CONFLICT (source_id, external_id, made_at) DO NOTHING
    RETURNING external_id
),
told AS (
    SELECT d.* FROM jsonb_to_recordset(%(discounts)s::jsonb) AS d(
        external_id text, coupon text, starts_at timestamptz, ends_at timestamptz)
),
discounts AS (
    INSERT INTO accounts_billingdiscount AS kept
        (source_id, external_id, coupon, starts_at, ends_at, told_at, told_as)
    SELECT %(source)s, told.*, %(told_at)s, %(told_as)s FROM told ORDER BY told.external_id
    ON CONFLICT (source_id, external_id) DO UPDATE
    SET coupon = excluded.coupon, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
        told_at = excluded.told_at, told_as = excluded.told_as
    WHERE (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)
    RETURNING external_id, coupon, starts_at, ends_at
)
SELECT 'discount ' || n.external_id
FROM discounts n
LEFT JOIN accounts_billingdiscount b ON b.source_id = %(source)s AND b.external_id = n.external_id
WHERE (b.coupon, b.starts_at, b.ends_at) IS DISTINCT FROM (n.coupon, n.starts_at, n.ends_at)
UNION
SELECT 'coupon ' || external_id FROM coupons
UNION
SELECT 'discount ' || d.external_id
FROM accounts_billingdiscount d JOIN coupons c ON c.external_id = d.coupon
WHERE d.source_id = %(source)s
"""

# The coupon of a discount is the last of that id that was made before it started.
_KNOWN = """
WITH named AS (
    SELECT name, d.coupon, d.starts_at, d.ends_at
    FROM unnest(%(names)s::text[]) AS name
    JOIN accounts_billingdiscount d ON d.source_id = %(source)s AND d.external_id = substr(name, 10)
    WHERE name LIKE 'discount %%'
    UNION ALL
    SELECT name, substr(name, 8), NULL, NULL
    FROM unnest(%(names)s::text[]) AS name WHERE name LIKE 'coupon %%'
)
SELECT n.name, n.ends_at IS NOT NULL, c.duration, c.percent_off, c.amount_off, c.currency, c.products
FROM named n
LEFT JOIN LATERAL (
    SELECT * FROM accounts_billingcoupon c
    WHERE c.source_id = %(source)s AND c.external_id = n.coupon
      AND (n.starts_at IS NULL OR c.made_at <= n.starts_at)
    ORDER BY c.made_at DESC LIMIT 1
) AS c ON true
WHERE n.ends_at IS NOT NULL OR c.id IS NOT NULL
"""


def lock(source_id: int, *, learns: bool) -> None:
    """Keep what is known of a source's discounts from changing until the end of the transaction.

    Call before the statement that looks up: one that waited inside it would see what was known before.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK if learns else _LOCK_SHARED, [source_id])


def learn(source_id: int, told: Told) -> list[str]:
    """Keep the discounts and coupons that stand whole in an event; returns the names that mean something else now."""
    seen = told.seen
    coupons = [*seen.coupons, *(d.of_coupon for d in seen.discounts if isinstance(d.of_coupon, Coupon))]
    parameters = {
        "source": source_id,
        "coupons": json.dumps([_coupon_row(c) for c in coupons if c.id], default=str),
        "discounts": json.dumps([_discount_row(d) for d in seen.discounts], default=str),
        "told_at": told.at,
        "told_as": told.order,
    }
    return [name for (name,) in run_prepared(_LEARN, parameters)]


def known_of(source_id: int, names: Iterable[str]) -> Known:
    """The coupons of those discounts that are known, by name."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    rows = run_prepared(_KNOWN, {"source": source_id, "names": wanted})
    return {name: Coupon(duration="repeating") if has_end else _coupon(*terms) for name, has_end, *terms in rows}


def tell_again(source_id: int, names: list[str]) -> None:
    """Work out the MRR of all subscriptions that named these discounts, and mark what is different now."""
    waiting = StripeCall.objects.filter(source_id=source_id, named__overlap=names).exclude(named=[])
    ids = list(waiting.order_by("id").values_list("id", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        calls = list(StripeCall.objects.filter(pk__in=ids[start : start + AT_ONCE]))
        read = [(call, read_again(call.payload)) for call in calls if call.payload is not None]
        known = known_of(source_id, (name for _, told in read for name in told.names))
        anew: list[dict[str, Any]] = []
        for call, told in read:
            found = telling(told.about, told.created, known) if isinstance(told.about, Subscription) else None
            if found is None:
                continue
            call.unpriced = found.terms.unpriced
            named = {"external_id": found.external_id, "told_at": told.at, "told_as": told.order}
            anew.append(named | {"mrr": found.terms.mrr, "unpriced": found.terms.unpriced})
        reprice(anew)
        StripeCall.objects.bulk_update([call for call, _ in read], ["unpriced"])


def _coupon_row(coupon: Coupon) -> dict[str, Any]:
    return {
        "external_id": coupon.id,
        "made_at": datetime.fromtimestamp(coupon.created, UTC),
        "duration": coupon.duration[:20],
        "percent_off": None if coupon.percent_off is None else Decimal(str(coupon.percent_off)),
        "amount_off": coupon.amount_off,
        "currency": (coupon.currency or "")[:3],
        "products": coupon.applies_to.products if coupon.applies_to else None,
    }


def _discount_row(discount: Discount) -> dict[str, Any]:
    coupon = discount.of_coupon
    return {
        "external_id": discount.id,
        "coupon": (coupon.id or "") if isinstance(coupon, Coupon) else coupon,
        "starts_at": _moment(discount.start),
        "ends_at": _moment(discount.end),
    }


def _moment(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)


def _coupon(
    duration: str, percent_off: Decimal | None, amount_off: int | None, currency: str, products: list[str] | None
) -> Coupon:
    return Coupon(
        duration=duration,
        percent_off=None if percent_off is None else float(percent_off),
        amount_off=amount_off,
        currency=currency or None,
        applies_to=None if products is None else Products(products=products),
    )
