"""What a subscription of Stripe is worth a month, and for how many seats. Pure.

MRR is the sum of its recurring, licensed items, each brought to a month, less
the coupons that last for ever: one that works once, or for some months, moves
no MRR (support.stripe.com/questions/billing-analytics). Metered use is not
known in advance and is no part of it. An amount that is not told (tiers, a
coupon that is only named) makes the whole unknown, never a smaller sum.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from accounts.intake.stripe.discounts import FOREVER, Known, coupon_of
from accounts.intake.stripe.shapes import Coupon, Discount, Item, Price, Recurring, id_of
from accounts.records.rules import LARGEST_MRR, Unpriced
from loyalty.core.money import cents

# Currencies that Stripe counts in whole units, and in thousandths; all others in
# hundredths (docs.stripe.com/currencies). ISK is sent in hundredths to this day.
ZERO_DECIMAL = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMAL = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))

# Twelve months, 52 weeks or 365 days are a year.
PERIODS_A_MONTH = {
    "month": Decimal(1),
    "year": Decimal(1) / 12,
    "week": Decimal(52) / 12,
    "day": Decimal(365) / 12,
}
MAX_AMOUNT = Decimal(10) ** 12


class NotKnown(Exception):
    """What a subscription is worth cannot be told, and why."""

    def __init__(self, why: Unpriced) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Line:
    """One licensed item: `amount` is what one of its own periods costs, in currency units; None is unknown."""

    amount: Decimal | None
    periods_a_month: Decimal
    seats: int

    @property
    def monthly(self) -> Decimal | None:
        return None if self.amount is None else self.amount * self.periods_a_month


def in_units(amount: Decimal | int, currency: str) -> Decimal:
    """An amount of smallest units as units of its currency, not rounded: 1999 USD is 19.99, 500 JPY is 500."""
    code = currency.upper()
    return Decimal(amount).scaleb(0 if code in ZERO_DECIMAL else -3 if code in THREE_DECIMAL else -2)


def in_smallest(amount: Decimal, currency: str) -> int:
    """The reverse: units as smallest units. Raises ValueError for what the currency has no coin for."""
    whole = amount / in_units(1, currency)
    if whole != whole.to_integral_value():
        raise ValueError(f"{amount} {currency} cannot be billed")
    return int(whole)


def mrr(items: Sequence[Item], discounts: Iterable[str | Discount], currency: str, known: Known) -> Decimal:
    """What the items bring in a month, in `currency`, rounded to cents once at the end.

    `discounts` are those of the whole subscription; those of an item come off
    it first. `known` are the coupons of discounts that are only named. A fixed
    amount comes off once each period of the most frequent item. The total is
    never below zero. Raises NotKnown.
    """
    lines = [(item, line) for item in items if (line := licensed_line(item)) is not None]
    total = Decimal(0)
    for item, line in lines:
        if line.monthly is None:
            raise NotKnown(Unpriced.TIERS)
        total += _discounted(line.monthly, line.periods_a_month, item.discounts, currency, known, _products([item]))
    often = max((line.periods_a_month for _, line in lines), default=Decimal(1))
    worth = _discounted(total, often, discounts, currency, known, _products(item for item, _ in lines))
    if worth > LARGEST_MRR:
        raise NotKnown(Unpriced.AMOUNT)
    return cents(worth)


def seats(items: Iterable[Item]) -> int:
    """The quantities of the licensed items together."""
    return sum(line.seats for line in map(licensed_line, items) if line is not None)


def licensed_line(item: Item) -> Line | None:
    """What an item costs by itself; None when it is metered or does not recur."""
    recurring = item.price.recurring
    if recurring is None or recurring.usage_type != "licensed":
        return None
    quantity = 1 if item.quantity is None else item.quantity
    unit = unit_amount(item.price)
    amount = None if unit is None else unit * _units(item.price, quantity)
    return Line(amount, periods_a_month(recurring), quantity)


def unit_amount(price: Price) -> Decimal | None:
    """What one unit costs in currency units; fractions of a cent are told as text. None is unknown."""
    try:
        text = price.unit_amount if price.unit_amount_decimal is None else price.unit_amount_decimal
        told = None if text is None else Decimal(text)
    except InvalidOperation:
        return None
    if told is None or not told.is_finite() or abs(told) >= MAX_AMOUNT * 1000:
        return None
    return in_units(told, price.currency)


def periods_a_month(recurring: Recurring) -> Decimal:
    """How many of its periods make a month: a quarter is 1/3, a year 1/12, a week 52/12."""
    return PERIODS_A_MONTH[recurring.interval] / recurring.interval_count


def _units(price: Price, quantity: int) -> int:
    packages = price.transform_quantity
    if packages is None:
        return quantity
    whole, rest = divmod(quantity, packages.divide_by)
    return whole + (1 if rest and packages.round == "up" else 0)


def _discounted(
    monthly: Decimal,
    often: Decimal,
    discounts: Iterable[str | Discount],
    currency: str,
    known: Known,
    products: frozenset[str],
) -> Decimal:
    """An amount a month less the coupons that last, one after the other."""
    for discount in discounts:
        coupon = coupon_of(discount, known)
        if coupon is None:
            raise NotKnown(Unpriced.DISCOUNT)
        if coupon.duration == FOREVER and _applies(coupon, products):
            monthly = max(_less(monthly, often, coupon, currency), Decimal(0))
    return monthly


def _less(monthly: Decimal, often: Decimal, coupon: Coupon, currency: str) -> Decimal:
    if coupon.percent_off is not None:
        return monthly * (1 - Decimal(str(coupon.percent_off)) / 100)
    if coupon.amount_off is None or (coupon.currency or currency).upper() != currency.upper():
        raise NotKnown(Unpriced.DISCOUNT)
    return monthly - in_units(coupon.amount_off, currency) * often


def _applies(coupon: Coupon, products: frozenset[str]) -> bool:
    """Whether it comes off all that the amount is of, or nothing of it; off a part of it cannot be told."""
    if coupon.applies_to is None:
        return True
    wanted = frozenset(coupon.applies_to.products)
    if products & wanted and not products <= wanted:
        raise NotKnown(Unpriced.DISCOUNT)
    return bool(products & wanted)


def _products(items: Iterable[Item]) -> frozenset[str]:
    return frozenset(id_of(item.price.product) for item in items)
