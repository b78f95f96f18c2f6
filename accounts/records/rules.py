"""Words of the records that other systems keep."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

# What the records and the days of use hold at most. Amounts a month are bounded well below the
# width of their columns, so that twelve times the sum of an account's fits too; no currency of a
# company of this size needs more. Sums of counts that would be larger stand at the largest.
LARGEST_COUNT = 2**31 - 1
LARGEST_MRR = Decimal(10) ** 10


class PlanSegment(StrEnum):
    SELF_SERVE = "self_serve"
    MID_MARKET = "mid_market"
    ENTERPRISE = "enterprise"


class BillingFrequency(StrEnum):
    MONTHLY = "monthly"
    ANNUAL = "annual"
    MULTI_YEAR = "multi_year"


class ContactRole(StrEnum):
    USER = "user"
    CHAMPION = "champion"
    ECONOMIC_BUYER = "economic_buyer"


class InvoiceStatus(StrEnum):
    """What became of a bill; `open` waits for its payment, a `draft` is owed by nobody yet and counts for nothing."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


class Unpriced(StrEnum):
    """Why billing could not tell what a subscription is worth a month."""

    DISCOUNT = "discount"
    TIERS = "tiers"
    PART = "part"
    AMOUNT = "amount"


@dataclass(frozen=True)
class Bill:
    """An invoice as billing tells it; amounts in `currency`, rounded to cents.

    `customer` is billing's own id of who is billed. `balance_before` and `balance_after`: what billing kept for
    that customer before and after this bill took of it, above zero in its favour; None while it is a draft.
    """

    external_id: str
    subscription_external_id: str
    number: str
    status: InvoiceStatus
    cause: str
    currency: str
    due: Decimal
    paid: Decimal
    failed_payments: int
    issued_at: datetime
    paid_at: datetime | None
    customer: str = ""
    balance_before: Decimal | None = None
    balance_after: Decimal | None = None


class CreditKind(StrEnum):
    """What billing gave back to a customer, or keeps for it."""

    CREDIT_NOTE = "credit_note"
    BALANCE = "balance"
    CREDIT_GRANT = "credit_grant"


class CreditStatus(StrEnum):
    ISSUED = "issued"
    VOID = "void"


@dataclass(frozen=True)
class Credit:
    """A credit as billing tells it; `amount` in `currency`, rounded to cents, above zero in the customer's favour."""

    external_id: str
    kind: CreditKind
    status: CreditStatus
    number: str
    cause: str
    invoice_external_id: str
    currency: str
    amount: Decimal
    at: datetime
    expires_at: datetime | None


class Movement(StrEnum):
    """What a change of an account's MRR is: the usual words of the field, which exclude one another."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"
    REACTIVATION = "reactivation"


# An account whose subscriptions are all paused is a customer still; after so many days it counts as lost.
PAUSE_DAYS = 90


def movement(
    before: Decimal, after: Decimal, *, has_paid: bool, was_held: bool = False, is_held: bool = False
) -> Movement | None:
    """The movement from one MRR to another; None when there is none.

    `has_paid`: it was above zero at some time before. `was_held`, `is_held`:
    nothing came or comes in, only because of a pause that is not yet PAUSE_DAYS
    old. A pause is a contraction, its end an expansion; when it ends without
    money, or grows too old, that is churn, of an MRR that had gone before.
    """
    if before == after:
        return Movement.CHURN if was_held and not is_held else None
    if not before:
        if was_held:
            return Movement.EXPANSION
        return Movement.REACTIVATION if has_paid else Movement.NEW
    if not after:
        return Movement.CONTRACTION if is_held else Movement.CHURN
    return Movement.EXPANSION if after > before else Movement.CONTRACTION


def choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    """Form choices of a closed set of words: `self_serve` reads "self serve"."""
    return [(w.value, w.value.replace("_", " ")) for w in words]
