"""Words of the records that other systems keep."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


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
    """What became of a bill; `open` waits for its payment."""

    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


@dataclass(frozen=True)
class Bill:
    """An invoice as billing tells it; amounts in `currency`, rounded to cents."""

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


class Movement(StrEnum):
    """What a change of an account's MRR is: the usual words of the field, which exclude one another."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"
    REACTIVATION = "reactivation"


def movement(before: Decimal, after: Decimal, *, has_paid: bool) -> Movement | None:
    """The movement from one MRR to another; None when it stays. `has_paid`: it was above zero at some time before."""
    if before == after:
        return None
    if not before:
        return Movement.REACTIVATION if has_paid else Movement.NEW
    if not after:
        return Movement.CHURN
    return Movement.EXPANSION if after > before else Movement.CONTRACTION


def choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    """Form choices of a closed set of words: `self_serve` reads "self serve"."""
    return [(w.value, w.value.replace("_", " ")) for w in words]
