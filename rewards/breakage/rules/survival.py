"""The share of credit not yet redeemed, by age: Kaplan and Meier's product-limit estimate (JASA 53, 1958)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Seen:
    """So much (`weight`: people, or cents of credit) was followed until age `time`, and redeemed then or not."""

    time: int
    is_event: bool
    weight: Decimal = Decimal(1)


@dataclass(frozen=True)
class Step:
    """At age `time` the curve falls to `survival`; `at_risk` and `events` are weights just before and at it."""

    time: int
    at_risk: Decimal
    events: Decimal
    survival: Decimal


def kaplan_meier(seen: Iterable[Seen]) -> list[Step]:
    """The steps of the curve, by age. What leaves at an age without an event is at risk through it."""
    events: dict[int, Decimal] = {}
    leaving: dict[int, Decimal] = {}
    for one in seen:
        leaving[one.time] = leaving.get(one.time, Decimal(0)) + one.weight
        if one.is_event:
            events[one.time] = events.get(one.time, Decimal(0)) + one.weight
    at_risk, survival, steps = sum(leaving.values(), Decimal(0)), Decimal(1), []
    for time in sorted(leaving):
        if fallen := events.get(time):
            survival *= 1 - fallen / at_risk
            steps.append(Step(time, at_risk, fallen, survival))
        at_risk -= leaving[time]
    return steps
