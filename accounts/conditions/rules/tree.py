"""The tree of a rule. Immutable; a node knows its parts and nothing of SQL or words.

Logic is three-valued (Kleene, as in SQL): a comparison with an unknown fact is
itself unknown; a rule matches only where it is true. Numbers are Decimal in the
fact's own unit (a ratio of 90 % is 0.90), windows are whole days that end with
the day that the rule is asked of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Sign(StrEnum):
    """How a number or a day is compared."""

    LESS = "<"
    AT_MOST = "<="
    EQUAL = "="
    OTHER = "!="
    AT_LEAST = ">="
    MORE = ">"


class How(StrEnum):
    """How many of the named values a set must hold."""

    ANY = "any"
    ALL = "all"
    NONE = "none"


class Measure(StrEnum):
    """What a change is told in."""

    PERCENT = "percent"
    AMOUNT = "amount"


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


Value = Decimal | date | str | bool


@dataclass(frozen=True)
class All:
    """True where every part is true."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class AnyOf:
    """True where one part is true."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    """True where its part is false; unknown where it is unknown."""

    item: "Node"


@dataclass(frozen=True)
class Within:
    """True where its part was true on one of the `days` days that end with the day."""

    days: int
    item: "Node"


@dataclass(frozen=True)
class Compare:
    """A number, a day, a word or a yes-or-no against a value."""

    fact: str
    sign: Sign
    value: Value


@dataclass(frozen=True)
class Between:
    """A number or a day in the closed range [low, high]."""

    fact: str
    low: Decimal | date
    high: Decimal | date


@dataclass(frozen=True)
class OneOf:
    """A word among some."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Holds:
    """A set that holds any, all or none of some values."""

    fact: str
    how: How
    values: tuple[str, ...]


@dataclass(frozen=True)
class Unknown:
    """True where nothing is known of the fact, else false; never unknown itself."""

    fact: str


@dataclass(frozen=True)
class NextDays:
    """A day among the `days` days to come: [day, day + days]."""

    fact: str
    days: int


@dataclass(frozen=True)
class Changed:
    """A number that went up or down by at least `by` against `days` days before.

    In per cent of what it was (10 is 10 %), or in the fact's own unit. Unknown
    where either day is unknown, and where a per cent of nothing is asked for.
    """

    fact: str
    direction: Direction
    by: Decimal
    measure: Measure
    days: int


Group = All | AnyOf
Leaf = Compare | Between | OneOf | Holds | Unknown | NextDays | Changed
Node = Group | Not | Within | Leaf

EVERYBODY = All(())
"""The empty rule: true of every account."""


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes directly below; none below a leaf."""
    if isinstance(node, All | AnyOf):
        return node.items
    if isinstance(node, Not | Within):
        return (node.item,)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, each before its parts."""
    yield node
    for part in parts(node):
        yield from walk(part)


def facts_of(node: Node) -> list[str]:
    """The names of the facts that a rule speaks of, in the order of their first mention."""
    return list(dict.fromkeys(leaf.fact for leaf in walk(node) if isinstance(leaf, Leaf)))


def looks_back(node: Node) -> int:
    """How many days before the day itself a rule looks at; 0 when the day is enough."""
    if isinstance(node, Changed):
        return node.days
    below = max((looks_back(part) for part in parts(node)), default=0)
    return below + node.days - 1 if isinstance(node, Within) else below
