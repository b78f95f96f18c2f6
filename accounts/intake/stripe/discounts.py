"""Discounts and coupons of Stripe: which an event tells whole, and which it only names. Pure.

Newer versions of the API name a discount by its id, and within a discount its
coupon by its id. What each of them means is learned from any event in which it
stands whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from accounts.intake.stripe.shapes import Coupon, Discount, Subscription

DISCOUNT, COUPON = "discount", "coupon"
FOREVER = "forever"

# What is known of discounts that events only name, by `name_of`.
Known = Mapping[str, Coupon]


@dataclass(frozen=True)
class Seen:
    """The discounts and coupons that stand whole in an event, each with its id."""

    discounts: tuple[Discount, ...]
    coupons: tuple[Coupon, ...]

    def __bool__(self) -> bool:
        return bool(self.discounts or self.coupons)


def seen_in(content: Any) -> Seen:
    """All discounts and coupons that stand whole anywhere in an event; one that is not as it should be is let by."""
    discounts: dict[str, Discount] = {}
    coupons: dict[str, Coupon] = {}
    for found in _objects(content):
        try:
            if found["object"] == DISCOUNT:
                discount = Discount.model_validate(found)
                if discount.id and discount.of_coupon:
                    discounts[discount.id] = discount
            else:
                coupon = Coupon.model_validate(found)
                if coupon.id:
                    coupons[coupon.id] = coupon
        except ValidationError:
            continue
    return Seen(tuple(discounts.values()), tuple(coupons.values()))


def names_in(subscription: Subscription) -> list[str]:
    """The names of the discounts that are at work and not told whole."""
    named = (name_of(discount) for discount in _at_work(subscription))
    return sorted({name for name in named if name})


def of_subscription(subscription: Subscription) -> list[str | Discount]:
    """The discounts of the whole subscription; versions of the API before there could be several have one."""
    if subscription.discounts or subscription.discount is None:
        return subscription.discounts
    return [subscription.discount]


def name_of(discount: str | Discount) -> str:
    """By what a discount has to be looked up; "" when it is told whole, or moves no MRR as it is."""
    if isinstance(discount, str):
        return f"{DISCOUNT} {discount}"
    coupon = discount.of_coupon
    if discount.end is not None or isinstance(coupon, Coupon):
        return ""
    return f"{DISCOUNT} {discount.id}" if discount.id else f"{COUPON} {coupon}"


def coupon_of(discount: str | Discount, known: Known) -> Coupon | None:
    """The coupon at work; None when it is not known. A discount with an end is one whose coupon does not last."""
    if isinstance(discount, Discount):
        if discount.end is not None:
            return Coupon(duration="repeating")
        if isinstance(discount.of_coupon, Coupon):
            return discount.of_coupon
    return known.get(name_of(discount))


def _at_work(subscription: Subscription) -> Iterable[str | Discount]:
    yield from of_subscription(subscription)
    for item in subscription.items.data:
        yield from item.discounts


def _objects(content: Any) -> Iterator[dict[str, Any]]:
    """Every object in it that says it is a discount or a coupon; without recursion."""
    level = [content]
    while level:
        inner = [part for part in level if isinstance(part, dict)]
        yield from (part for part in inner if part.get("object") in (DISCOUNT, COUPON))
        level = [value for part in level for value in (part.values() if isinstance(part, dict) else part)]
        level = [value for value in level if isinstance(value, dict | list)]
