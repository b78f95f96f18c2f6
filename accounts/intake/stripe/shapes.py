"""The parts of Stripe's objects that are read here; everything else in them is let by. Pure.

Stripe adds fields all the time and moves some between versions of its API:
where a field has moved, both places are read. Amounts are whole numbers of
the smallest unit of the currency, times are seconds since the epoch (UTC).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

# Year 9999 ends at 253402300799: what is later is no date.
Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
# What one unit of a price costs, before it is multiplied and brought to a month.
Units = Annotated[int, Field(ge=-(10**15), le=10**15)]
# What is kept as it is told: of a currency without hundredths, as much as the columns of money hold.
Kept = Annotated[int, Field(ge=1 - 10**12, le=10**12 - 1)]
Id = Annotated[str, Field(min_length=1, max_length=255)]
Currency = Annotated[str, Field(min_length=3, max_length=3)]
Metadata = dict[str, str]


class Shape(BaseModel):
    """An object of Stripe: types are as they should be, unknown fields are let by."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Recurring(Shape):
    interval: Literal["day", "week", "month", "year"]
    interval_count: Annotated[int, Field(ge=1, le=10_000)] = 1
    usage_type: str = "licensed"


class Packages(Shape):
    """Priced by the package: the quantity is divided and rounded before it is multiplied."""

    divide_by: Annotated[int, Field(ge=1)]
    round: Literal["up", "down"]


class Price(Shape):
    """What one unit costs; `unit_amount` is null for tiers, and for fractions of the smallest unit."""

    currency: Currency
    unit_amount: Units | None = None
    unit_amount_decimal: str | None = None
    recurring: Recurring | None = None
    transform_quantity: Packages | None = None
    nickname: str | None = None
    lookup_key: str | None = None
    product: str | dict[str, Any] | None = None


class Products(Shape):
    products: list[str]


class Coupon(Shape):
    """What a coupon takes off, and for how long; `amount_off` is in its own currency. Stripe never changes these."""

    id: Id | None = None
    duration: str = "forever"
    percent_off: Annotated[float | int, Field(ge=0, le=100)] | None = None
    amount_off: Kept | None = None
    currency: str | None = None
    applies_to: Products | None = None
    created: Seconds = 0


class DiscountSource(Shape):
    coupon: str | Coupon | None = None


class Discount(Shape):
    """A coupon at work; newer versions of the API hold the coupon in `source`, by its id.

    It is at work for the narrowest of those that it names: a line, an invoice, a subscription, the customer.
    """

    id: Id | None = None
    customer: str | dict[str, Any] | None = None
    subscription: str | dict[str, Any] | None = None
    subscription_item: str | None = None
    invoice: str | None = None
    invoice_item: str | None = None
    coupon: str | Coupon | None = None
    source: DiscountSource | None = None
    start: Seconds | None = None
    end: Seconds | None = None

    @property
    def of_coupon(self) -> str | Coupon | None:
        """The coupon, or its id, wherever it stands."""
        return self.coupon or (self.source.coupon if self.source else None)

    @property
    def of_customer(self) -> str:
        """The customer of whom it comes off everything; "" when it is at work for less."""
        narrower = self.subscription or self.subscription_item or self.invoice or self.invoice_item
        return "" if narrower else id_of(self.customer)


class Item(Shape):
    """One line of a subscription; `quantity` is missing where use is metered."""

    price: Price
    quantity: Count | None = None
    discounts: list[str | Discount] = []
    current_period_end: Seconds | None = None


class Items(Shape):
    data: Annotated[list[Item], Field(min_length=1)]
    has_more: bool = False


class Paused(Shape):
    behavior: str


class Subscription(Shape):
    id: Id
    customer: str | dict[str, Any]
    status: str
    currency: str | None = None
    start_date: Seconds
    trial_end: Seconds | None = None
    ended_at: Seconds | None = None
    cancel_at: Seconds | None = None
    canceled_at: Seconds | None = None
    cancel_at_period_end: bool = False
    pause_collection: Paused | None = None
    items: Items
    discount: Discount | None = None
    discounts: list[str | Discount] = []
    current_period_end: Seconds | None = None
    metadata: Metadata | None = None


class Customer(Shape):
    """`balance` is below zero when something is kept for the customer."""

    id: Id
    name: str | None = None
    email: str | None = None
    balance: Kept | None = None
    currency: Currency | None = None
    metadata: Metadata | None = None


class OfSubscription(Shape):
    subscription: str | dict[str, Any] | None = None


class InvoiceParent(Shape):
    subscription_details: OfSubscription | None = None


class Transitions(Shape):
    finalized_at: Seconds | None = None
    paid_at: Seconds | None = None


class Invoice(Shape):
    """A bill; its subscription stands in `parent` since 2025. Balances are below zero in the customer's favour."""

    id: Id
    customer: str | dict[str, Any] | None = None
    status: str | None = None
    number: str | None = None
    currency: Currency
    amount_due: Kept
    amount_paid: Kept
    starting_balance: Kept | None = None
    ending_balance: Kept | None = None
    attempt_count: Count = 0
    billing_reason: str | None = None
    created: Seconds
    status_transitions: Transitions = Transitions()
    parent: InvoiceParent | None = None
    subscription: str | dict[str, Any] | None = None
    metadata: Metadata | None = None


class CreditNote(Shape):
    """Takes something off a bill, or gives it back."""

    id: Id
    customer: str | dict[str, Any] | None = None
    invoice: str | dict[str, Any] | None = None
    status: str
    number: str | None = None
    reason: str | None = None
    currency: Currency
    amount: Kept
    created: Seconds
    effective_at: Seconds | None = None
    metadata: Metadata | None = None


class BalanceTransaction(Shape):
    """A change of what is kept for a customer: below zero when it grew."""

    id: Id
    customer: str | dict[str, Any] | None = None
    invoice: str | dict[str, Any] | None = None
    type: str = ""
    currency: Currency
    amount: Kept
    created: Seconds
    metadata: Metadata | None = None


class Monetary(Shape):
    currency: Currency
    value: Kept


class GrantAmount(Shape):
    """What a credit grant is worth; null where it is not in money."""

    monetary: Monetary | None = None


class CreditGrant(Shape):
    """Prepaid or promotional credit for metered use; `category` says which of the two."""

    id: Id
    customer: str | dict[str, Any] | None = None
    amount: GrantAmount
    name: str | None = None
    category: str = ""
    created: Seconds
    effective_at: Seconds | None = None
    expires_at: Seconds | None = None
    voided_at: Seconds | None = None
    metadata: Metadata | None = None


class Happened(Shape):
    """What an event is about: the object as it was when the event was made."""

    object: dict[str, Any]


class StripeEvent(Shape):
    """One event: `created` is when it was made, by Stripe's clock."""

    id: Annotated[str, Field(min_length=1, max_length=250)]
    type: Annotated[str, Field(min_length=1, max_length=100)]
    created: Seconds
    data: Happened


def id_of(reference: str | dict[str, Any] | None) -> str:
    """The id of an object that is referred to, or that stands there whole; "" when there is none."""
    found = reference.get("id") if isinstance(reference, dict) else reference
    return found if isinstance(found, str) else ""
