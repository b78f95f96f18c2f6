"""Why the MRR of a subscription of Stripe is unknown, and what makes it known, in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.records.rules import Unpriced

MRR_UNKNOWN = "mrr_unknown"


@dataclass(frozen=True)
class Why:
    """One reason: what is not told, and what to do about it."""

    reason: str
    remedy: str


WHY: Mapping[str, Why] = {
    Unpriced.DISCOUNT.value: Why(
        "Stripe names a discount of it only by its id, and has not told what that takes off.",
        "In Stripe, under Developers, Webhooks, add the event types customer.discount.created, "
        "customer.discount.updated, customer.discount.deleted, "
        "coupon.created and coupon.updated to this webhook. Then send the discount’s "
        "event again from there, and rename its coupon, which sends that. The MRR is filled in by itself, for the "
        "days that have passed too.",
    ),
    Unpriced.TIERS.value: Why(
        "Its price is in tiers, and Stripe does not tell what they come to.",
        "In Stripe, give it a price with one amount for each unit, if its MRR should be known.",
    ),
    Unpriced.PART.value: Why(
        "It has more lines than Stripe tells of in one event.",
        "In Stripe, divide it into subscriptions of fewer lines.",
    ),
    Unpriced.AMOUNT.value: Why("Its amount is beyond all measure.", "Check its prices in Stripe."),
}
