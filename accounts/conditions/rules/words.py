"""A rule and its values in plain words."""

from datetime import date
from decimal import Decimal
from typing import Any

from accounts.conditions.rules.tree import (
    All,
    AnyOf,
    Between,
    Changed,
    Compare,
    Direction,
    Holds,
    How,
    Measure,
    NextDays,
    Node,
    Not,
    OneOf,
    Sign,
    Unknown,
    Within,
)
from accounts.conditions.rules.vocabulary import Fact, Vocabulary
from accounts.facts.rules import Unit
from loyalty.core.figures import day_text, number_text, percent_text
from loyalty.core.money import money

_SIGNS = {
    Sign.LESS: "is below",
    Sign.AT_MOST: "is at most",
    Sign.EQUAL: "is",
    Sign.OTHER: "is not",
    Sign.AT_LEAST: "is at least",
    Sign.MORE: "is above",
}
_DAY_SIGNS = {
    Sign.LESS: "is before",
    Sign.AT_MOST: "is on or before",
    Sign.EQUAL: "is",
    Sign.OTHER: "is not",
    Sign.AT_LEAST: "is on or after",
    Sign.MORE: "is after",
}
_HELD = {How.ANY: "has", How.ALL: "has all of", How.NONE: "has none of"}


def value_text(fact: Fact, value: Any, currency: str) -> str:
    """A value of a fact as people write it; None is "unknown". Money in `currency`."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, list | tuple):
        return ", ".join(fact.choice_label(str(v)) for v in value) or "none"
    if isinstance(value, str):
        return fact.choice_label(value)
    return _number(fact.unit, Decimal(str(value)), currency)


def in_words(node: Node, vocabulary: Vocabulary, currency: str) -> str:
    """A rule as one sentence without its full stop: "Sign-ins is at least 12 and NPS is unknown"."""
    return _said(node, vocabulary, currency, is_top=True)


def _said(node: Node, vocabulary: Vocabulary, currency: str, *, is_top: bool = False) -> str:
    match node:
        case All(()):
            return "every account"
        case AnyOf(()):
            return "no account"
        case All(items) | AnyOf(items):
            joined = (" and " if isinstance(node, All) else " or ").join(
                _said(item, vocabulary, currency) for item in items
            )
            return joined if is_top or len(items) == 1 else f"({joined})"
        case Not(item):
            return f"not {_bracketed(item, vocabulary, currency)}"
        case Within(days, item):
            return f"on one of the last {_days(days)}: {_bracketed(item, vocabulary, currency)}"
        case _:
            return leaf_in_words(node, vocabulary, currency)


def leaf_in_words(node: Node, vocabulary: Vocabulary, currency: str) -> str:
    """A single condition in words."""
    match node:
        case Compare(name, sign, value):
            fact = vocabulary[name]
            signs = _DAY_SIGNS if isinstance(value, date) else _SIGNS
            return f"{fact.label} {signs[sign]} {value_text(fact, value, currency)}"
        case Between(name, low, high):
            fact = vocabulary[name]
            ends = value_text(fact, low, currency), value_text(fact, high, currency)
            return f"{fact.label} is from {ends[0]} to {ends[1]}"
        case OneOf(name, values):
            fact = vocabulary[name]
            return f"{fact.label} is {_either([fact.choice_label(v) for v in values])}"
        case Holds(name, how, values):
            fact = vocabulary[name]
            join = _either if how is How.ANY else _both
            return f"{fact.label} {_HELD[how]} {join([f'“{fact.choice_label(v)}”' for v in values])}"
        case Unknown(name):
            return f"{vocabulary[name].label} is unknown"
        case NextDays(name, days):
            return f"{vocabulary[name].label} is within the next {_days(days)}"
        case Changed(name, direction, by, measure, days):
            fact = vocabulary[name]
            amount = percent_text(by / 100) if measure is Measure.PERCENT else value_text(fact, by, currency)
            way = "went up" if direction is Direction.UP else "went down"
            return f"{fact.label} {way} by at least {amount} in {_days(days)}"
    raise TypeError(f"{type(node).__name__} is no leaf")


def _bracketed(node: Node, vocabulary: Vocabulary, currency: str) -> str:
    said = _said(node, vocabulary, currency, is_top=True)
    return f"({said})" if isinstance(node, All | AnyOf) and len(node.items) > 1 else said


def _number(unit: Unit, value: Decimal, currency: str) -> str:
    plain = value.normalize() if value != value.to_integral_value() else value.quantize(Decimal(1))
    match unit:
        case Unit.MONEY:
            return money(value, currency)
        case Unit.RATIO:
            return percent_text(value)
        case Unit.DAYS:
            return _days(plain)
        case Unit.MONTHS:
            return f"{number_text(plain)} {'month' if plain == 1 else 'months'}"
        case Unit.MINUTES:
            return f"{number_text(plain)} {'minute' if plain == 1 else 'minutes'}"
        case _:
            return number_text(plain)


def _days(count: Decimal | int) -> str:
    return f"{number_text(count)} {'day' if count == 1 else 'days'}"


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _both(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
