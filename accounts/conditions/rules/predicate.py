"""From a tree to one SQL predicate over a row of the facts.

The predicate is three-valued like the tree: null is unknown, and a rule matches
where it IS TRUE. Values go as parameters; only names of columns, taken from
the vocabulary, are written into the text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    Unknown,
    Value,
    Within,
)
from accounts.conditions.rules.vocabulary import ROW, Shape, Vocabulary

TABLE = "accounts_accountfacts"
_TYPES = {Shape.NUMBER: "numeric", Shape.DAY: "date", Shape.WORD: "text", Shape.YES_OR_NO: "boolean"}


@dataclass(frozen=True)
class Predicate:
    """`sql` with `%(name)s` parameters, over the row with the alias ROW; `params` are their values."""

    sql: str
    params: Mapping[str, Any]


@dataclass
class _Writer:
    vocabulary: Vocabulary
    prefix: str
    params: dict[str, Any] = field(default_factory=dict)
    rows: int = 0

    def put(self, value: Any, kind: str) -> str:
        name = f"{self.prefix}{len(self.params)}"
        self.params[name] = value
        return f"%({name})s::{kind}"

    def value(self, fact: str, value: Value) -> str:
        return self.put(value, _TYPES[self.vocabulary[fact].shape])

    def fact(self, name: str, row: str) -> str:
        return self.vocabulary[name].on(row)

    def node(self, node: Node, row: str) -> str:
        match node:
            case All(items):
                return f"({' AND '.join(self.node(item, row) for item in items)})" if items else "true"
            case AnyOf(items):
                return f"({' OR '.join(self.node(item, row) for item in items)})" if items else "false"
            case Not(item):
                return f"(NOT {self.node(item, row)})"
            case Within(days, item):
                return self._within(days, item, row)
            case Compare(fact, sign, value):
                asked = "<>" if sign.value == "!=" else sign.value
                return f"({self.fact(fact, row)} {asked} {self.value(fact, value)})"
            case Between(fact, low, high):
                return f"({self.fact(fact, row)} BETWEEN {self.value(fact, low)} AND {self.value(fact, high)})"
            case OneOf(fact, values):
                return f"({self.fact(fact, row)} = ANY ({self.put(list(values), 'text[]')}))"
            case Holds():
                return self._holds(node, row)
            case Unknown(fact):
                return f"({self.fact(fact, row)} IS NULL)"
            case NextDays(fact, days):
                ahead = f"{row}.day + {self.put(days, 'int')}"
                return f"({self.fact(fact, row)} BETWEEN {row}.day AND {ahead})"
            case Changed():
                return self._changed(node, row)

    def _holds(self, node: Holds, row: str) -> str:
        held, values = f"{self.fact(node.fact, row)}::text[]", self.put(list(node.values), "text[]")
        if node.how is How.ALL:
            return f"({held} @> {values})"
        overlaps = f"({held} && {values})"
        return f"(NOT {overlaps})" if node.how is How.NONE else overlaps

    def _within(self, days: int, item: Node, row: str) -> str:
        """Kleene's "on one of the days": true if once true, else unknown if once unknown or if no day is kept."""
        then = self._another_row()
        told = self.node(item, then)
        return (
            f"(SELECT CASE WHEN bool_or(told) THEN true WHEN bool_or(told IS NULL) THEN NULL ELSE bool_or(told) END"
            f" FROM (SELECT {told} AS told FROM {TABLE} {then} WHERE {then}.account_id = {row}.account_id"
            f" AND {then}.day > {row}.day - {self.put(days, 'int')} AND {then}.day <= {row}.day OFFSET 0) AS days)"
        )

    def _changed(self, node: Changed, row: str) -> str:
        then = self._another_row()
        before = (
            f"(SELECT {self.fact(node.fact, then)} FROM {TABLE} {then}"
            f" WHERE {then}.account_id = {row}.account_id AND {then}.day = {row}.day - {self.put(node.days, 'int')})"
        )
        now, by = self.fact(node.fact, row), self.put(node.by, "numeric")
        if node.measure is Measure.PERCENT:
            base = f"nullif({before}, 0)"
            share = f"(({now} - {base}) * 100 / abs({base}))"
            return f"({share} >= {by})" if node.direction is Direction.UP else f"({share} <= -({by}))"
        difference = f"({now} - {before})"
        return f"({difference} >= {by})" if node.direction is Direction.UP else f"({difference} <= -({by}))"

    def _another_row(self) -> str:
        self.rows += 1
        return f"{ROW}{self.rows}"


def predicate(node: Node, vocabulary: Vocabulary, prefix: str) -> Predicate:
    """The predicate of a tree that was read with this vocabulary.

    `prefix` begins the names of its parameters, so that several predicates fit
    into one statement; a word of lower-case letters and digits with `_` at its end.
    """
    writer = _Writer(vocabulary, prefix)
    return Predicate(writer.node(node, ROW), writer.params)
