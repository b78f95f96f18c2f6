"""Tiers: a rank by volume of use, never by tenure. What a scheme of tiers may say, and how it reads.

A tier is earned on a day by the metric of that day; it is held on a day when it,
or a lower one, is the highest that was earned on one of the days that still
count: the last `grace_days`, or those since the last renewal. So an account
rises at once, and falls only after the grace period, or at renewal.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from loyalty.core.errors import DomainError
from loyalty.core.figures import number_text

KEY = r"[a-z0-9][a-z0-9-]{0,59}"
MOST_TIERS = 8
LONGEST_GRACE = 365
LARGEST = Decimal(10) ** 12


class Metric(StrEnum):
    """What a rank is measured by: a column of the account facts."""

    SEATS = "seats_active"
    API_CALLS = "api_calls_30"
    GIGABYTES = "gigabytes_30"

    @property
    def label(self) -> str:
        return {"seats_active": "active seats", "api_calls_30": "API calls in 30 days"}.get(
            self.value, "gigabytes processed in 30 days"
        )

    @property
    def label_of_one(self) -> str:
        return {"seats_active": "active seat", "api_calls_30": "API call in 30 days"}.get(
            self.value, "gigabyte processed in 30 days"
        )

    @property
    def is_whole(self) -> bool:
        return self is not Metric.GIGABYTES


class Policy(StrEnum):
    """When an account that no longer earns its tier falls."""

    GRACE = "grace"
    RENEWAL = "renewal"


@dataclass(frozen=True)
class Step:
    """One tier of a scheme; `minimum` is the least of the metric that earns it."""

    key: str
    name: str
    minimum: Decimal


@dataclass(frozen=True)
class Scheme:
    """All that tiers are worked out from; `steps` rise."""

    metric: Metric
    policy: Policy
    grace_days: int
    steps: tuple[Step, ...]

    @property
    def order(self) -> list[str]:
        """The keys, the lowest first."""
        return [step.key for step in self.steps]

    def rank(self, key: str | None) -> int:
        """1 for the lowest tier; 0 for none, and for a key that the scheme does not have."""
        return self.order.index(key) + 1 if key in self.order else 0

    def earned(self, metric: Decimal | int | None) -> str | None:
        """The key that a value of the metric earns; "" below the lowest, None when the value is unknown."""
        if metric is None:
            return None
        keys = [step.key for step in self.steps if metric >= step.minimum]
        return keys[-1] if keys else ""

    def range_of(self, key: str) -> str:
        """The range that earns a tier: "26–100", "101 or more"."""
        place = self.order.index(key)
        low = number_text(self.steps[place].minimum.normalize() + 0)
        if place + 1 == len(self.steps):
            return f"{low} or more"
        above = self.steps[place + 1].minimum
        if not self.metric.is_whole:
            return f"{low} to below {number_text(above.normalize() + 0)}"
        last = number_text((above - 1).normalize() + 0)
        return low if low == last else f"{low}–{last}"

    def downgrade_words(self) -> str:
        """When an account falls, as a sentence."""
        if self.policy is Policy.RENEWAL:
            return "An account that no longer earns its tier keeps it until its renewal."
        days = "1 day" if self.grace_days == 1 else f"{self.grace_days} days"
        return f"An account that no longer earns its tier keeps it for {days}."


FIELD_LABELS: Mapping[str, str] = {
    "metric": "Measured by",
    "policy": "An account falls",
    "grace_days": "Grace period",
    "tiers": "Tiers",
}


def scheme_of(values: Mapping[str, Any]) -> Scheme:
    """The scheme that JSON values write down; they were cleaned before."""
    steps = tuple(Step(t["key"], t["name"], Decimal(str(t["minimum"]))) for t in values["tiers"])
    return Scheme(Metric(values["metric"]), Policy(values["policy"]), int(values["grace_days"]), steps)


def clean_values(now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The whole set of values after an edit, as JSON; raises DomainError in words when they make no sense."""
    merged = {field: values.get(field, now[field]) for field in FIELD_LABELS}
    try:
        metric, policy = Metric(str(merged["metric"])), Policy(str(merged["policy"]))
    except ValueError:
        raise DomainError("Choose what tiers are measured by, and when an account falls.") from None
    grace = merged["grace_days"]
    if not isinstance(grace, int) or isinstance(grace, bool) or not 1 <= grace <= LONGEST_GRACE:
        raise DomainError(f"The grace period is a whole number of days from 1 to {LONGEST_GRACE}.")
    return {
        "metric": metric.value,
        "policy": policy.value,
        "grace_days": grace,
        "tiers": _clean_tiers(metric, merged["tiers"]),
    }


def _clean_tiers(metric: Metric, raw: Any) -> list[dict[str, str]]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not 1 <= len(raw) <= MOST_TIERS:
        raise DomainError(f"There are 1 to {MOST_TIERS} tiers.")
    tiers = []
    for one in raw:
        key, name = str(one.get("key", "")).strip(), str(one.get("name", "")).strip()
        if not re.fullmatch(KEY, key) or not 1 <= len(name) <= 60:
            raise DomainError("Each tier needs a name of at most 60 letters.")
        tiers.append({"key": key, "name": name, "minimum": _minimum(metric, name, one.get("minimum"))})
    tiers.sort(key=lambda tier: Decimal(tier["minimum"]))
    minimums = [Decimal(tier["minimum"]) for tier in tiers]
    if len(set(minimums)) < len(minimums):
        raise DomainError("Two tiers begin at the same value; each has a beginning of its own.")
    if len({tier["key"] for tier in tiers}) < len(tiers) or len({tier["name"].lower() for tier in tiers}) < len(tiers):
        raise DomainError("Two tiers have the same name.")
    return tiers


def _minimum(metric: Metric, name: str, raw: Any) -> str:
    try:
        minimum = Decimal(str(raw).strip().replace(",", ""))
    except InvalidOperation:
        minimum = Decimal("NaN")
    if not minimum.is_finite() or not 0 < minimum <= LARGEST:
        raise DomainError(f"{name} begins at a number above 0 of {metric.label}.")
    if metric.is_whole and minimum != minimum.to_integral_value():
        raise DomainError(f"{name} begins at a whole number of {metric.label}.")
    if minimum != minimum.quantize(Decimal("0.000001")):
        raise DomainError(f"{name} begins at a number with at most six decimals.")
    return f"{minimum.normalize():f}"


def field_in_words(field: str, value: Any) -> str:
    """One value of the scheme, as the page of a change shows it."""
    if field == "metric":
        return Metric(value).label
    if field == "policy":
        return "at its renewal" if value == Policy.RENEWAL else "after the grace period"
    if field == "grace_days":
        return "1 day" if value == 1 else f"{value} days"
    return ", ".join(f"{tier['name']} from {number_text(tier['minimum'])}" for tier in value)


SHIPPED: dict[str, Any] = {
    "metric": Metric.SEATS.value,
    "policy": Policy.GRACE.value,
    "grace_days": 90,
    "tiers": [
        {"key": "silver", "name": "Silver", "minimum": "1"},
        {"key": "gold", "name": "Gold", "minimum": "26"},
        {"key": "platinum", "name": "Platinum", "minimum": "101"},
    ],
}
"""Exactly 100 seats is Gold: Platinum is more than 100."""
