"""Stripe's objects, as small as they can be and still be read."""

from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]


def at(text: str) -> int:
    """Seconds since the epoch of a time (UTC): at("2026-03-02 10:00")."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def price(amount: int | None = 2000, interval: str = "month", count: int = 1, **more: Any) -> Object:
    recurring = {"interval": interval, "interval_count": count, "usage_type": more.pop("usage", "licensed")}
    return {
        "object": "price",
        "currency": "usd",
        "unit_amount": amount,
        "recurring": recurring,
        "nickname": "Team",
        "product": "prod_1",
    } | more


def item(amount: int | None = 2000, interval: str = "month", count: int = 1, **more: Any) -> Object:
    """One line of a subscription; `quantity`, `ends` (seconds) and `discounts` are its own, the rest its price's."""
    mine = {"quantity": more.pop("quantity", 1), "discounts": more.pop("discounts", [])}
    return mine | {
        "current_period_end": more.pop("ends", at("2026-04-01")),
        "price": price(amount, interval, count, **more),
    }


def subscription(*items: Object, **more: Any) -> Object:
    return {
        "object": "subscription",
        "id": "sub_1",
        "customer": "cus_1",
        "status": "active",
        "currency": "usd",
        "start_date": at("2026-03-01"),
        "items": {"object": "list", "data": list(items) or [item()], "has_more": False},
        "discounts": [],
        "metadata": {},
    } | more


def coupon(percent: float | None = None, amount: int | None = None, duration: str = "forever", **more: Any) -> Object:
    """A discount with its coupon, in the shape of before 2025; `source` is the shape since."""
    return {"coupon": {"percent_off": percent, "amount_off": amount, "duration": duration}} | more


COUPON_MADE_AT = at("2026-01-01")


def half(coupon_id: str = "HALF", **more: Any) -> Object:
    """A coupon that takes half off for ever, as it stands in events about it."""
    return {
        "object": "coupon",
        "id": coupon_id,
        "created": COUPON_MADE_AT,
        "duration": "forever",
        "percent_off": 50,
        "amount_off": None,
        "currency": None,
    } | more


def discount(coupon: Any = "HALF", **more: Any) -> Object:
    """A discount in the shape since 2025, which names its coupon by the id, unless that is given whole."""
    start = {"start": at("2026-03-05"), "end": None}
    return {"object": "discount", "id": "di_1", "source": {"type": "coupon", "coupon": coupon}} | start | more


def customer(**more: Any) -> Object:
    return {"object": "customer", "id": "cus_1", "name": "Acme", "email": "pay@acme.test", "metadata": {}} | more


def invoice(**more: Any) -> Object:
    return {
        "object": "invoice",
        "id": "in_1",
        "customer": "cus_1",
        "customer_email": "pay@acme.test",
        "status": "paid",
        "number": "A-0001",
        "currency": "usd",
        "amount_due": 20000,
        "amount_paid": 20000,
        "attempt_count": 1,
        "billing_reason": "subscription_cycle",
        "created": at("2026-03-01"),
        "status_transitions": {"finalized_at": at("2026-03-01 01:00"), "paid_at": at("2026-03-01 02:00")},
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}},
    } | more


def event(kind: str, about: Object, created: int, event_id: str = "") -> Object:
    """An event of a type about an object, made at a second."""
    return {
        "object": "event",
        "id": event_id or f"evt_{kind}_{created}",
        "type": kind,
        "created": created,
        "livemode": False,
        "data": {"object": about},
    }
