"""How a fact of each shape can be asked about: the choices of the builder, and what each asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.conditions.rules.tree import Direction, How, Sign
from accounts.conditions.rules.vocabulary import Fact, Shape
from accounts.facts.rules import Unit
from loyalty.core.money import SYMBOLS


class Asks(StrEnum):
    """What has to be given beside the fact."""

    ONE = "a value"
    RANGE = "two ends"
    SOME = "some values"
    AHEAD = "days to come"
    CHANGE = "by how much, in how many days"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Asking:
    """One way to ask: the `op` of the rule's JSON with its `sign`, and the words between fact and value."""

    key: str
    op: str
    words: str
    asks: Asks


def _signs(words: Mapping[Sign, str]) -> tuple[Asking, ...]:
    return tuple(Asking(sign.value, "compare", said, Asks.ONE) for sign, said in words.items())


BETWEEN = Asking("between", "between", "is from … to", Asks.RANGE)
UNKNOWN = Asking("unknown", "unknown", "is unknown", Asks.NOTHING)
_IS = {Sign.EQUAL: "is", Sign.OTHER: "is not"}

ASKED: Mapping[Shape, tuple[Asking, ...]] = {
    Shape.NUMBER: (
        *_signs({Sign.AT_LEAST: "is at least", Sign.AT_MOST: "is at most"}),
        *_signs({Sign.MORE: "is above", Sign.LESS: "is below", **_IS}),
        BETWEEN,
        Asking(Direction.UP.value, "changed", "went up by at least", Asks.CHANGE),
        Asking(Direction.DOWN.value, "changed", "went down by at least", Asks.CHANGE),
        UNKNOWN,
    ),
    Shape.DAY: (
        Asking("next_days", "next_days", "is within the next", Asks.AHEAD),
        *_signs({Sign.AT_LEAST: "is on or after", Sign.AT_MOST: "is on or before"}),
        *_signs({Sign.MORE: "is after", Sign.LESS: "is before", **_IS}),
        BETWEEN,
        UNKNOWN,
    ),
    Shape.WORD: (*_signs(_IS), Asking("in", "in", "is one of", Asks.SOME), UNKNOWN),
    Shape.WORDS: (
        Asking(How.ANY.value, "has", "has any of", Asks.SOME),
        Asking(How.ALL.value, "has", "has all of", Asks.SOME),
        Asking(How.NONE.value, "has", "has none of", Asks.SOME),
        UNKNOWN,
    ),
    Shape.YES_OR_NO: (*_signs(_IS), UNKNOWN),
}
"""The ways to ask of each shape; the first is what a fact that was just chosen begins with."""


def asking(fact: Fact, key: str) -> Asking:
    """The way with this key, or the first that the fact's shape has."""
    ways = ASKED[fact.shape]
    return next((way for way in ways if way.key == key), ways[0])


def unit_words(unit: Unit, currency: str) -> str:
    """What stands after a typed value: per cent, the reporting currency's sign, days; empty for counts and words."""
    match unit:
        case Unit.MONEY:
            return SYMBOLS.get(currency, currency)
        case Unit.RATIO:
            return "%"
        case Unit.DAYS | Unit.MONTHS | Unit.MINUTES:
            return unit.value
        case _:
            return ""


def measure_words(unit: Unit, currency: str) -> str:
    """What a change told as an amount is counted in."""
    return "points of %" if unit is Unit.RATIO else unit_words(unit, currency) or "as a number"
