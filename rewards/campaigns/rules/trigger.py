"""What a trigger is: either rows of dated facts, each its own cause, or a condition that becomes true."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from accounts.conditions.rules.tree import Node
from accounts.sources.rules import Kind
from loyalty.core.people.rules import Function
from rewards.campaigns.rules.parameters import Names, Parameter


class TriggerKind(StrEnum):
    """All the conditions that can start an offer."""

    MILESTONE = "milestone"
    STREAK = "streak"
    TRACK = "track"
    TIER = "tier"
    SEGMENT = "segment"
    RENEWAL_WINDOW = "renewal_window"
    SEAT_UTILISATION = "seat_utilisation"
    CANCELLATION_INTENT = "cancellation_intent"
    PAID_MONTHS = "paid_months"
    TENURE_OR_NPS = "tenure_or_nps"
    DAYS_SINCE_SIGN_UP = "days_since_sign_up"
    MULTI_YEAR_GROWTH = "multi_year_growth"
    REFERRAL = "referral"
    QUIZ = "quiz"
    RENEWAL_PAID = "renewal_paid"


Values = Mapping[str, Any]
"""The parameters of a trigger, complete and valid."""


@dataclass(frozen=True)
class Trigger:
    """One kind of trigger.

    `owner` is the function that edits it by default. `says` puts valid parameters
    into words, given the names of objects. `needs` are the kinds of data that it
    stands on. `is_event_made`: fires within seconds of the event; others in the
    nightly order.
    """

    kind: TriggerKind
    label: str
    owner: Function
    parameters: tuple[Parameter, ...]
    says: Callable[[Values, Names], str]
    needs: frozenset[Kind]
    is_event_made: bool


@dataclass(frozen=True)
class Dated(Trigger):
    """Rows of dated facts: milestones reached, segments entered, quizzes answered."""


@dataclass(frozen=True)
class Condition(Trigger):
    """A rule over account facts that becomes true.

    `rule` makes its tree of valid parameters. `cause` is the fact that names the
    cause (two renewals are two causes); without one the number of the episode does:
    how often it has become true for the account.
    """

    rule: Callable[[Values], Node]
    cause: str = ""


def name_of(names: Names, kind: str, key: Any) -> str:
    """What people call an object; its key when it is not known."""
    return f"“{names.get(kind, {}).get(str(key), str(key))}”"
