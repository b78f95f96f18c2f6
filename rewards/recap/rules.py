"""A value recap: what an account would lose by leaving, in sentences made from counts of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty.core.figures import day_text, number_text
from loyalty.core.money import money

# Fewer of something is nothing to boast of, and reads as a reproach.
LEAST_TIMES = 2
SHOWN_FEATURES = 5


@dataclass(frozen=True)
class Used:
    """A feature by its event name, and how often it was used ever."""

    name: str
    times: int


@dataclass(frozen=True)
class Reached:
    """A milestone by name, and the day (UTC) on which it was reached."""

    name: str
    on: date


@dataclass(frozen=True)
class Owed:
    """Credit that was granted and is not used yet."""

    amount: Decimal
    currency: str
    until: date


@dataclass(frozen=True)
class Counted:
    """All that is counted for a recap, up to and with `day` (UTC). Zero and empty: nothing there.

    `since` is the first day of which any use is known; `standing` the tier with what it brings, in words.
    """

    account: str
    day: date
    since: date | None
    active_days: int
    people: int
    events: int
    key_actions: int
    gigabytes: Decimal
    integrations: int
    api_calls: int
    features: Sequence[Used]
    milestones: Sequence[Reached]
    owed: Sequence[Owed]
    standing: str

    @property
    def is_empty(self) -> bool:
        return not (self.events or self.milestones or self.owed)


def subject(counted: Counted) -> str:
    return f"What {counted.account} has built with us"


def sentences(counted: Counted) -> list[str]:
    """What would be lost, the most tangible first; nothing is said of what is not there."""
    said: list[str] = []
    if counted.key_actions >= LEAST_TIMES:
        done = ", ".join(f"“{f.name}” {number_text(f.times)} times" for f in _top(counted))
        said.append(
            f"Work done: {number_text(counted.key_actions)} results that count, such as reports and exports."
            + (f" Used most: {done}." if done else "")
        )
    elif _top(counted):
        said.append(f"Used most: {', '.join(f'“{f.name}” {number_text(f.times)} times' for f in _top(counted))}.")
    if counted.events >= LEAST_TIMES:
        people = "one person" if counted.people == 1 else f"{number_text(counted.people)} people"
        by = f" by {people}" if counted.people else ""
        said.append(
            f"Data: {number_text(counted.events)} things recorded{by}"
            f" on {number_text(counted.active_days)} {'day' if counted.active_days == 1 else 'days'}"
            + (f", since {day_text(counted.since)}." if counted.since else ".")
        )
    if counted.gigabytes >= 1:
        said.append(f"Processed: {number_text(counted.gigabytes.quantize(Decimal(1)))} GB.")
    if counted.milestones:
        named = "; ".join(f"{m.name} ({day_text(m.on)})" for m in counted.milestones)
        said.append(f"Workflows in place: {named}.")
    if counted.integrations or counted.api_calls >= LEAST_TIMES:
        said.append(f"Integrations: {_joined(counted)}.")
    for owed in counted.owed:
        said.append(
            f"Credit not used yet: {money(owed.amount, owed.currency)}, good until {day_text(owed.until)}."
            " It ends with the contract."
        )
    if counted.standing:
        said.append(f"Standing: {counted.standing}.")
    return said


def letter(counted: Counted) -> str:
    """The recap as plain text, ready to be sent; ends without a name, which the sender adds."""
    points = "\n".join(f"- {line}" for line in sentences(counted))
    return (
        f"{subject(counted)}\n\n"
        f"Before you decide, here is what your team has with us today ({day_text(counted.day)}), counted from your"
        f" own use:\n\n{points}\n\n"
        "If you would rather pause for a while, or take a smaller plan that keeps what you use, tell us: both are"
        " possible.\n"
    )


def _joined(counted: Counted) -> str:
    """What is joined to the product, and how much goes over it."""
    said = []
    if counted.integrations:
        said.append("connected once" if counted.integrations == 1 else f"connected {counted.integrations} times")
    if counted.api_calls >= LEAST_TIMES:
        said.append(f"{number_text(counted.api_calls)} calls of the API by your own systems")
    return ", ".join(said)


def _top(counted: Counted) -> list[Used]:
    return [f for f in counted.features if f.times >= LEAST_TIMES][:SHOWN_FEATURES]
