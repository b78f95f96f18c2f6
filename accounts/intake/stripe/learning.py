"""What discounts and coupons mean: learned from the events in which they stand whole.

Invariants: what is known is a function of the events, whatever their order; an
MRR that waited for a discount is worked out as soon as it is known. So whoever
learns locks out, for one source, whoever looks up, until it is committed.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.intake.stripe.discounts import DISCOUNT, Known
from accounts.intake.stripe.models import StripeCall
from accounts.intake.stripe.reading import Told, read_again
from accounts.intake.stripe.shapes import Coupon, Discount, Products, Subscription
from accounts.intake.stripe.standing import customers_of, discounts_of, stand
from accounts.intake.stripe.terms import telling
from accounts.records.repricing import reprice
from loyalty.core.prepared import run_prepared

_TOLD = ("coupon", "starts_at", "ends_at", "customer")
_KEPT = (*_TOLD, "removed_at")

# Calls that are read again at a time.
AT_ONCE = 500

_LOCKED = "hashtextextended('discounts of source ' || {source}::bigint, 0)"
LOCK = f"pg_advisory_xact_lock({_LOCKED})"
LOCK_SHARED = f"pg_advisory_xact_lock_shared({_LOCKED})"

# Returns the names of all discounts that mean something else now, and the customer that one was of before.
_LEARN_SQL = """
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
        external_id text, coupon text, starts_at timestamptz, ends_at timestamptz, customer text,
        removed_at timestamptz)
),
discounts AS (
    INSERT INTO accounts_billingdiscount AS kept
        (source_id, external_id, coupon, starts_at, ends_at, customer, removed_at, told_at, told_as)
    SELECT %(source)s, told.*, %(told_at)s, %(told_as)s FROM told ORDER BY told.external_id
    ON CONFLICT (source_id, external_id) DO UPDATE
    SET {newer}, removed_at = least(kept.removed_at, excluded.removed_at)
    WHERE (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)
       OR excluded.removed_at < coalesce(kept.removed_at, 'infinity')
    RETURNING external_id, {said}
)
SELECT 'discount ' || n.external_id, b.customer
FROM discounts n
LEFT JOIN accounts_billingdiscount b ON b.source_id = %(source)s AND b.external_id = n.external_id
WHERE ({before}) IS DISTINCT FROM ({now})
UNION
SELECT 'coupon ' || external_id, '' FROM coupons
UNION
SELECT 'discount ' || d.external_id, d.customer
FROM accounts_billingdiscount d JOIN coupons c ON c.external_id = d.coupon
WHERE d.source_id = %(source)s
"""

_LEARN = _LEARN_SQL.format(
    newer=", ".join(
        f"{name} = CASE WHEN (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)"
        f" THEN excluded.{name} ELSE kept.{name} END"
        for name in (*_TOLD, "told_at", "told_as")
    ),
    said=", ".join(_KEPT),
    before=", ".join(f"b.{name}" for name in _KEPT),
    now=", ".join(f"n.{name}" for name in _KEPT),
)

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
        cursor.execute("SELECT " + (LOCK if learns else LOCK_SHARED).format(source="%s"), [source_id])


@dataclass(frozen=True)
class Learned:
    """What means something else now: discounts and coupons by name, and the customers whose whole bills they lower."""

    names: list[str]
    customers: list[str]


def learn(source_id: int, told: Told) -> Learned:
    """Keep the discounts and coupons that stand whole in an event; returns what means something else now."""
    seen = told.seen
    coupons = [*seen.coupons, *(d.of_coupon for d in seen.discounts if isinstance(d.of_coupon, Coupon))]
    parameters = {
        "source": source_id,
        "coupons": json.dumps([_coupon_row(c) for c in coupons if c.id], default=str),
        "discounts": json.dumps([_discount_row(d, told) for d in seen.discounts], default=str),
        "told_at": told.at,
        "told_as": told.order,
    }
    rows = run_prepared(_LEARN, parameters)
    names = sorted({name for name, _ in rows})
    return Learned(names, sorted({*customers_of(source_id, names), *(of for _, of in rows if of)}))


def known_of(source_id: int, names: Iterable[str]) -> Known:
    """The coupons of those discounts that are known, by name."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    rows = run_prepared(_KNOWN, {"source": source_id, "names": wanted})
    return {name: Coupon(duration="repeating") if has_end else _coupon(*terms) for name, has_end, *terms in rows}


def tell_again(source_id: int, learned: Learned) -> None:
    """Work out all that these discounts come off, and mark what is different now."""
    if learned.customers:
        discounts = discounts_of(source_id, learned.customers)
        stand(learned.customers, discounts, known_of(source_id, (f"{DISCOUNT} {d.external_id}" for d in discounts)))
    _price_again(source_id, learned.names)


def _price_again(source_id: int, names: list[str]) -> None:
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


def _discount_row(discount: Discount, told: Told) -> dict[str, Any]:
    coupon = discount.of_coupon
    return {
        "external_id": discount.id,
        "coupon": (coupon.id or "") if isinstance(coupon, Coupon) else coupon,
        "starts_at": _moment(discount.start),
        "ends_at": _moment(discount.end),
        "customer": discount.of_customer,
        "removed_at": told.at if discount.id == told.removed else None,
    }


def _moment(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)


def _coupon(
    duration: str, percent_off: Decimal | None, amount_off: int | None, currency: str, products: str | None
) -> Coupon:
    return Coupon(
        duration=duration,
        percent_off=None if percent_off is None else float(percent_off),
        amount_off=amount_off,
        currency=currency or None,
        applies_to=None if products is None else Products(products=json.loads(products)),
    )
