"""Words of the records that other systems keep."""

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


def choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    """Form choices of a closed set of words: `self_serve` reads "self serve"."""
    return [(w.value, w.value.replace("_", " ")) for w in words]
