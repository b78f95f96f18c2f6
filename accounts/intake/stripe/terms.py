"""A subscription of Stripe in our words: its terms, and from which day they hold. Pure.

Days are UTC. The end of a subscription is the day on which it ended: at the
end of that day it is no longer held. Renewal is read from the item, because
its period left the subscription itself; older versions of the API still send
it there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from accounts.intake.stripe import amounts
from accounts.intake.stripe.amounts import NotKnown
from accounts.intake.stripe.discounts import Known, of_subscription
from accounts.intake.stripe.shapes import Item, Price, Subscription, id_of
from accounts.records.rules import LARGEST_COUNT, BillingFrequency, Unpriced
from accounts.records.terms import Terms

# A subscription that was never paid for is none.
NOT_BEGUN = frozenset({"incomplete", "incomplete_expired"})
ENDED = "canceled"
TRIAL = "trialing"
# Past due still counts: the payment is tried again. These bring nothing in.
PAUSED = "paused"
NOTHING_COMES = frozenset({"unpaid", PAUSED})
# Paused, but the invoices are collected later.
COLLECTED_LATER = "keep_as_draft"
_MONTHS = {"month": 1, "year": 12}
MAX_PLAN = 100


@dataclass(frozen=True)
class Telling:
    """What one event tells of a subscription: its terms from `from_day` on."""

    external_id: str
    terms: Terms
    from_day: date
    starts_on: date


def telling(subscription: Subscription, created: int, known: Known) -> Telling | None:
    """What an event made at second `created` (UTC) tells; None when the subscription has not begun.

    `known` are the coupons of discounts that it only names.

    It holds from the day of the event, or from the day of its end where that
    came before, but never from before the start.
    """
    if subscription.status in NOT_BEGUN:
        return None
    starts_on = day_of(subscription.start_date)
    ended = subscription.ended_at if subscription.status == ENDED else None
    told_on = day_of(created if ended is None else min(created, ended))
    return Telling(subscription.id, terms_of(subscription, known), max(told_on, starts_on), starts_on)


def terms_of(subscription: Subscription, known: Known) -> Terms:
    """The terms as the subscription tells them; money per month in its currency.

    Plan, billing frequency and renewal are those of the item that brings the
    most a month.
    """
    items = subscription.items.data
    lead = leading_item(items)
    currency = subscription.currency or lead.price.currency
    ends_at = _end(subscription, lead)
    is_cancelling = subscription.ended_at is None and ends_at is not None
    is_paused = subscription.status == PAUSED or _is_held_back(subscription)
    worth, unpriced = _worth(subscription, currency, known)
    return Terms(
        plan=plan_of(lead.price),
        billing_frequency=frequency_of(lead.price),
        seats=_known_seats(subscription),
        mrr=worth,
        unpriced=unpriced,
        currency=currency.upper(),
        is_trial=subscription.status == TRIAL,
        is_paused=is_paused,
        renews_on=None if ends_at is not None else _day_or_none(_period_end(subscription, lead)),
        ends_on=_day_or_none(ends_at),
        is_cancelling=is_cancelling,
        # A discount of its own, even one that passes, stands in the place of the customer's.
        discounts_of="" if of_subscription(subscription) else id_of(subscription.customer),
    )


def leading_item(items: Sequence[Item]) -> Item:
    """The licensed item that brings the most a month; of equals the longer period, then the first."""

    def worth(item: Item) -> tuple[bool, Decimal, Decimal]:
        line = amounts.licensed_line(item)
        if line is None:
            return False, Decimal(0), Decimal(0)
        return True, line.monthly or Decimal(0), -line.periods_a_month

    return max(items, key=worth)


def frequency_of(price: Price) -> str:
    """Monthly, annual, multi-year; "" for what is none of them, such as a quarter."""
    if price.recurring is None:
        return ""
    months = _MONTHS.get(price.recurring.interval, 0) * price.recurring.interval_count
    if months == 1:
        return BillingFrequency.MONTHLY.value
    if months == 12:
        return BillingFrequency.ANNUAL.value
    return BillingFrequency.MULTI_YEAR.value if months > 12 else ""


def plan_of(price: Price) -> str:
    """What people call the plan: the name of the price or product, else the product's id."""
    product = price.product.get("name") if isinstance(price.product, dict) else None
    name = product if isinstance(product, str) else None
    return (price.nickname or name or price.lookup_key or id_of(price.product))[:MAX_PLAN]


def day_of(second: int) -> date:
    """The day (UTC) of a second since the epoch."""
    return datetime.fromtimestamp(second, UTC).date()


def _day_or_none(second: int | None) -> date | None:
    return None if second is None else day_of(second)


def _end(subscription: Subscription, lead: Item) -> int | None:
    """When it ended, or will by what was asked."""
    if subscription.ended_at is not None:
        return subscription.ended_at
    if subscription.cancel_at is not None:
        return subscription.cancel_at
    return _period_end(subscription, lead) if subscription.cancel_at_period_end else None


def _period_end(subscription: Subscription, lead: Item) -> int | None:
    return subscription.current_period_end if lead.current_period_end is None else lead.current_period_end


def _known_seats(subscription: Subscription) -> int | None:
    """None when not all items came with the event."""
    seats = amounts.seats(subscription.items.data)
    return None if subscription.items.has_more or seats > LARGEST_COUNT else seats


def _is_held_back(subscription: Subscription) -> bool:
    paused = subscription.pause_collection
    return paused is not None and paused.behavior != COLLECTED_LATER


def _worth(subscription: Subscription, currency: str, known: Known) -> tuple[Decimal | None, str]:
    """The MRR, or why it is unknown."""
    if subscription.status in NOTHING_COMES or _is_held_back(subscription):
        return Decimal("0.00"), ""
    if subscription.items.has_more:
        return None, Unpriced.PART.value
    try:
        return amounts.mrr(subscription.items.data, of_subscription(subscription), currency, known), ""
    except NotKnown as wrong:
        return None, wrong.why.value
