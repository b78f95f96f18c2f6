"""What a tier brings: a credit on each renewal, and status rewards. Pure."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from loyalty.core.errors import DomainError
from loyalty.core.figures import percent_text
from loyalty.core.money import cents
from rewards.catalogue.rules import KINDS, MONEY

MOST_PERCENT = Decimal(50)
MONEY_FIELDS = frozenset({"renewal_credit_percent"})
"""Money perks of tiers are Finance's."""

FIELD_LABELS: Mapping[str, str] = {"renewal_credit_percent": "Renewal credit", "kinds": "Status and services"}

# Tier key → what it brings from the start.
SHIPPED: Mapping[str, Mapping[str, Any]] = {
    "silver": {"renewal_credit_percent": "1.00", "kinds": []},
    "gold": {"renewal_credit_percent": "3.00", "kinds": ["premium_sla", "optimisation_workshop"]},
    "platinum": {
        "renewal_credit_percent": "5.00",
        "kinds": ["premium_sla", "executive_sponsor", "roadmap_council"],
    },
}
PREMIUM_SLA = "premium_sla"
STANDARD_SLA = "Standard SLA"


def clean_values(now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The whole set of values after an edit, as JSON; raises DomainError in words when they make no sense."""
    merged = {field: values.get(field, now[field]) for field in FIELD_LABELS}
    raw = merged["renewal_credit_percent"]
    try:
        percent = Decimal(str(raw if raw not in (None, "") else 0))
    except InvalidOperation:
        percent = Decimal("NaN")
    if not percent.is_finite() or not 0 <= percent <= MOST_PERCENT or percent != percent.quantize(Decimal("0.01")):
        raise DomainError(f"The renewal credit is a per cent from 0 to {MOST_PERCENT}, with two decimals at most.")
    kinds = merged["kinds"]
    if not isinstance(kinds, list | tuple) or any(k not in KINDS or KINDS[k].nature in MONEY for k in kinds):
        raise DomainError("Choose status rewards, services or features; money is given by the renewal credit.")
    order = list(KINDS)
    return {"renewal_credit_percent": f"{percent:.2f}", "kinds": sorted(set(kinds), key=order.index)}


def field_in_words(field: str, value: Any) -> str:
    """One value, as the page of a change shows it."""
    if field == "renewal_credit_percent":
        return f"{percent_text(Decimal(str(value)) / 100)} of the renewal"
    return ", ".join(KINDS[kind].label for kind in value) or "none"


def in_words(values: Mapping[str, Any]) -> str:
    """All that a tier brings: "Premium SLA, 3.0 % renewal credit, optimisation workshop"."""
    others = [KINDS[kind].label for kind in values["kinds"] if kind != PREMIUM_SLA]
    percent = Decimal(str(values["renewal_credit_percent"]))
    credit = [f"{percent_text(percent / 100)} renewal credit"] if percent else []
    sla = KINDS[PREMIUM_SLA].label if PREMIUM_SLA in values["kinds"] else STANDARD_SLA
    return ", ".join([sla, *credit, *(f"{label[0].lower()}{label[1:]}" for label in others)])


def renewal_credit(arr: Decimal, percent: Decimal) -> Decimal:
    """What a tier's credit on a renewal of a year is worth, in cents; money in and out in one currency."""
    return cents(arr * percent / 100)
