"""What a rule may speak of: each fact with its unit, its SQL over a row of the facts, and its choices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.facts.rules import MEANINGS, Meaning, Unit

ROW = "f"
"""The alias of the row of facts that every predicate speaks of."""


class Shape(StrEnum):
    """How a fact can be asked about."""

    NUMBER = "number"
    DAY = "day"
    WORD = "word"
    WORDS = "words"
    YES_OR_NO = "yes or no"


_SHAPES: Mapping[Unit, Shape] = {
    Unit.DAY: Shape.DAY,
    Unit.WORD: Shape.WORD,
    Unit.WORDS: Shape.WORDS,
    Unit.YES_OR_NO: Shape.YES_OR_NO,
}


@dataclass(frozen=True)
class Choice:
    """One value that a word can take, and how people call it."""

    value: str
    label: str


@dataclass(frozen=True)
class Fact:
    """A fact that rules may speak of.

    `sql` is an expression over the alias `{row}`, put together from constants only.
    `choices` are the known values of a word; empty when any text is possible.
    """

    meaning: Meaning
    sql: str
    choices: tuple[Choice, ...] = ()

    @property
    def name(self) -> str:
        return self.meaning.name

    @property
    def label(self) -> str:
        return self.meaning.label

    @property
    def unit(self) -> Unit:
        return self.meaning.unit

    @property
    def shape(self) -> Shape:
        return _SHAPES.get(self.meaning.unit, Shape.NUMBER)

    def on(self, row: str) -> str:
        """The expression over the row with this alias."""
        return self.sql.format(row=row)

    def choice_label(self, value: str) -> str:
        """What people call a value of this fact."""
        found = next((c.label for c in self.choices if c.value == value), None)
        return found if found is not None else value.replace("_", " ")


Vocabulary = Mapping[str, Fact]
"""Name → fact."""


def column_fact(meaning: Meaning, choices: Iterable[Choice] = ()) -> Fact:
    """A fact that is a column of the facts table."""
    return Fact(meaning, f"{{row}}.{meaning.name}", tuple(choices))


_FIXED_CHOICES: Mapping[str, tuple[Choice, ...]] = {
    "plan_segment": (
        Choice("self_serve", "self-serve"),
        Choice("mid_market", "mid-market"),
        Choice("enterprise", "enterprise"),
    ),
    "billing_frequency": (
        Choice("monthly", "monthly"),
        Choice("annual", "annual"),
        Choice("multi_year", "multi-year"),
    ),
}


def base_vocabulary(choices: Mapping[str, tuple[Choice, ...]] | None = None) -> dict[str, Fact]:
    """Every column of the facts; `choices` adds the known values of words, by the fact's name."""
    known = {**_FIXED_CHOICES, **(choices or {})}
    return {name: column_fact(meaning, known.get(name, ())) for name, meaning in MEANINGS.items()}
