"""One event of Stripe, read and checked. Pure: the clock comes in as `now`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from accounts.intake.rules import MAX_AGE, MAX_AHEAD, TOO_FAR_AHEAD, TOO_OLD, Refusal, Refused
from accounts.intake.storable import check_storable
from accounts.intake.stripe.discounts import Seen, names_in, seen_in
from accounts.intake.stripe.shapes import (
    BalanceTransaction,
    CreditGrant,
    CreditNote,
    Customer,
    Invoice,
    Shape,
    StripeEvent,
    Subscription,
    id_of,
)
from accounts.records.rules import InvoiceStatus

Read = TypeVar("Read", bound=Shape)
About = Subscription | Customer | Invoice | CreditNote | BalanceTransaction | CreditGrant

CUSTOMER_EVENTS = frozenset({"customer.created", "customer.updated", "customer.deleted"})
INVOICE_DELETED = "invoice.deleted"
INVOICE_EVENTS = frozenset(
    f"invoice.{step}"
    for step in (
        *("created", "updated", "deleted", "finalized", "paid", "payment_succeeded", "payment_failed", "voided"),
        "marked_uncollectible",
    )
)
SUBSCRIPTION_EVENTS = "customer.subscription."
CREDIT_EVENTS: Mapping[str, type[CreditNote | BalanceTransaction | CreditGrant]] = {
    "credit_note.": CreditNote,
    "customer_balance_transaction.": BalanceTransaction,
    "billing.credit_grant.": CreditGrant,
}
# What these are about is told by the discounts and coupons that stand whole in them.
DISCOUNT_REMOVED = "customer.discount.deleted"
DISCOUNT_EVENTS = ("customer.discount.", "coupon.", "promotion_code.")

# Who people are is not needed to know what an account pays.
_PERSONAL = frozenset(
    f"{whose}{what}" for whose in ("", "customer_") for what in ("address", "email", "name", "phone", "shipping")
) | {"business_name", "individual_name", "description", "memo", "customer_tax_ids", "hosted_invoice_url", "invoice_pdf"}

# The object as it was made, changed, ended: of two events of one second the later of these stands. A bill is
# often made and paid within a second, and what tells of its draft comes before all of that.
_ORDER = {
    **dict.fromkeys(("created", "finalized"), "1"),
    **dict.fromkeys(("deleted", "paid", "payment_succeeded", "voided", "marked_uncollectible"), "3"),
}
_OF_A_DRAFT = "0"


@dataclass(frozen=True)
class Told:
    """An event and what it is about; `about` is None when no account is told anything by events of its type.

    `seen` are the discounts and coupons that stand whole in it, `names` those
    that it only names and that its MRR depends on, `removed` the one that is no
    longer at work. `payload` is what is kept of
    it; None when no rule looks at events of its type.
    """

    id: str
    type: str
    at: datetime
    created: int
    about: About | None
    payload: dict[str, Any] | None
    seen: Seen = Seen((), ())
    names: tuple[str, ...] = ()
    removed: str = ""

    @property
    def order(self) -> str:
        """What orders events of the same second, the same way each time."""
        is_draft = isinstance(self.about, Invoice) and self.about.status == InvoiceStatus.DRAFT
        if is_draft and self.type != INVOICE_DELETED:
            return f"{_OF_A_DRAFT} {self.id}"
        return f"{_ORDER.get(self.type.rpartition('.')[2], '2')} {self.id}"


def read(content: dict[str, Any], *, now: datetime) -> Told:
    """An event as it came. Raises Refused when it is not as Stripe writes them, or dated out of bounds."""
    check_storable(content)
    event = _shaped(StripeEvent, content)
    at = datetime.fromtimestamp(event.created, UTC)
    if at - now > MAX_AHEAD:
        raise Refused(TOO_FAR_AHEAD)
    if now - at > MAX_AGE:
        raise Refused(TOO_OLD)
    return _told(event, at, content)


def read_again(payload: dict[str, Any]) -> Told:
    """An event that was taken in, as it was kept."""
    event = _shaped(StripeEvent, payload)
    return _told(event, datetime.fromtimestamp(event.created, UTC), payload)


def kept(content: dict[str, Any]) -> dict[str, Any]:
    """What is kept of an event: all but who people are."""
    data = content["data"]
    parts = {key: _impersonal(part) if isinstance(part, dict) else part for key, part in data.items()}
    return content | {"data": parts}


def _told(event: StripeEvent, at: datetime, content: dict[str, Any]) -> Told:
    about = _about(event)
    if about is None and not event.type.startswith(DISCOUNT_EVENTS):
        return Told(event.id, event.type, at, event.created, None, None)
    names = names_in(about) if isinstance(about, Subscription) else ()
    removed = id_of(event.data.object) if event.type == DISCOUNT_REMOVED else ""
    seen = seen_in(content["data"])
    return Told(event.id, event.type, at, event.created, about, kept(content), seen, tuple(names), removed)


def _about(event: StripeEvent) -> About | None:
    if event.type.startswith(SUBSCRIPTION_EVENTS):
        return _shaped(Subscription, event.data.object)
    if event.type in CUSTOMER_EVENTS:
        return _shaped(Customer, event.data.object)
    if event.type in INVOICE_EVENTS:
        return _shaped(Invoice, event.data.object)
    credit = next((shape for start, shape in CREDIT_EVENTS.items() if event.type.startswith(start)), None)
    return _shaped(credit, event.data.object) if credit else None


def _shaped(shape: type[Read], content: dict[str, Any]) -> Read:
    try:
        return shape.model_validate(content)
    except ValidationError as wrong:
        raise Refused(_bad_shape(shape.__name__, wrong)) from wrong


def _bad_shape(name: str, wrong: ValidationError) -> Refusal:
    first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"][:8])
    return Refusal(
        "bad_shape",
        f"The {name.removeprefix('Stripe').lower()} is not as Stripe writes it: at {where or 'the top'}: "
        f"{first['msg'][:200]}. Nothing of it was taken in.",
    )


def _impersonal(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in _PERSONAL}
