"""Recency, frequency and monetary scores: what they are made of, and when their cut points are made anew.

A score is 1 to 5 by quintile, and ties score alike: score = 1 + floor(5 × (minrank − 1) / n),
where minrank − 1 is how many accounts lie below. The value v scores at least k + 1
where 5 × #(below v) ≥ k × n, so that each quintile is told by its smallest such
value: its cut point (Hughes, Strategic Database Marketing, with minimum ranks for ties).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from loyalty.core.errors import DomainError
from loyalty.core.periods import quarter_of


class Monetary(StrEnum):
    """What the monetary score ranks by; Finance picks."""

    MRR = "mrr"
    ARR = "arr"
    LTV = "ltv"


MONETARY_LABELS: Mapping[Monetary, str] = {
    Monetary.MRR: "MRR on the day",
    Monetary.ARR: "ARR on the day",
    Monetary.LTV: "LTV so far: MRR of every month paid up to the day",
}
FIELD_LABELS: Mapping[str, str] = {"monetary": "Monetary score by"}
# Cut points that stand on fewer accounts are not frozen yet: the first account of a
# new team must not decide for a quarter what is much.
ENOUGH = 50

Point = int | Decimal


@dataclass(frozen=True)
class Cut:
    """The cut points of one measure and how many accounts they stand on; None: nobody is known."""

    points: list[Point] | None
    counted: int


MEASURES = ("recency", "frequency", "money")
Cuts = Mapping[str, Cut]
"""Measure → its cut."""


def renewed(held: Cuts | None, quarter: date, found: Cuts, day: date) -> Cuts | None:
    """The cuts to hold from `day` on, or None to leave those that are held.

    All are made anew in a new quarter; within it, a measure that stood on fewer than ENOUGH
    accounts is, once there are more. `quarter` is the first day of the quarter of `held`.
    """
    if held is None or quarter < quarter_of(day).starts_on:
        return found if any(cut.counted for cut in found.values()) else None
    loose = {m for m in MEASURES if held[m].counted < ENOUGH and found[m].counted > held[m].counted}
    return {m: found[m] if m in loose else held[m] for m in MEASURES} if loose else None


def clean_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The setting after an edit; raises DomainError for anything but MRR, ARR or LTV."""
    if values.get("monetary") not in list(Monetary):
        raise DomainError("The monetary score is by MRR, ARR or LTV.")
    return {"monetary": str(values["monetary"])}


def value_in_words(field: str, value: Any) -> str:
    """The setting, as the page of a change shows it."""
    return MONETARY_LABELS[Monetary(value)]
