"""From JSON to a tree and back, with every error named by its place.

The JSON of a node is an object with `op`:
`and`, `or` (items) · `not` (item) · `within` (days, item) · `compare` (fact, is,
value) · `between` (fact, low, high) · `in` (fact, values) · `has` (fact, how,
values) · `unknown` (fact) · `next_days` (fact, days) · `changed` (fact,
direction, by, as, days). Numbers are text or whole numbers, days ISO text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
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
    Value,
    Within,
)
from accounts.conditions.rules.vocabulary import Fact, Shape, Vocabulary
from loyalty.core.errors import DomainError

MOST_NODES, MOST_LEVELS, MOST_VALUES = 60, 6, 50
LONGEST_WINDOW = 730
LARGEST = Decimal(10) ** 15
FINEST = Decimal("0.000001")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a rule, and where: `place` is a path such as `items.0.value`, empty for the whole."""

    place: str
    says: str


class BadRule(DomainError):
    """A rule that cannot be read; `faults` has all that is wrong with it."""

    status = 422

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(" ".join(f"{f.place}: {f.says}" if f.place else f.says for f in faults))


@dataclass
class _Reader:
    vocabulary: Vocabulary
    faults: list[Fault] = field(default_factory=list)
    nodes: int = 0

    def wrong(self, place: str, says: str) -> None:
        self.faults.append(Fault(place, says))

    def node(self, raw: Any, place: str, level: int) -> Node | None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            if self.nodes == MOST_NODES + 1:
                self.wrong("", f"A rule has at most {MOST_NODES} conditions and groups; take some out.")
            return None
        if level > MOST_LEVELS:
            self.wrong(place, f"Groups nest at most {MOST_LEVELS} deep.")
            return None
        if not isinstance(raw, Mapping):
            self.wrong(place, "A condition is an object with “op”.")
            return None
        op = raw.get("op")
        if op in ("and", "or"):
            return self._group(raw, place, level)
        if op in ("not", "within"):
            item = self.node(raw.get("item"), _below(place, "item"), level + 1)
            if op == "not":
                return Not(item) if item else None
            days = self._days(raw, place, "days")
            return Within(days, item) if item and days else None
        read = _LEAVES.get(str(op))
        if read is None:
            self.wrong(place, f"“{op}” is no kind of condition.")
            return None
        fact = self._fact(raw, place)
        return read(self, raw, place, fact) if fact else None

    def _group(self, raw: Mapping[str, Any], place: str, level: int) -> Node | None:
        items = raw.get("items")
        if not isinstance(items, list):
            self.wrong(place, "A group has a list of conditions.")
            return None
        below = _below(place, "items")
        read = [self.node(item, f"{below}.{n}", level + 1) for n, item in enumerate(items)]
        if not items and place:
            self.wrong(place, "This group is empty: add a condition, or remove the group.")
        if None in read:
            return None
        nodes = tuple(node for node in read if node is not None)
        return All(nodes) if raw["op"] == "and" else AnyOf(nodes)

    def _fact(self, raw: Mapping[str, Any], place: str) -> Fact | None:
        name = raw.get("fact")
        fact = self.vocabulary.get(name) if isinstance(name, str) else None
        if fact is None:
            says = f"There is no fact “{name}”." if name else "Choose a fact."
            self.wrong(_below(place, "fact"), says)
        return fact

    def _compare(self, raw: Mapping[str, Any], place: str, fact: Fact) -> Node | None:
        try:
            sign = Sign(str(raw.get("is")))
        except ValueError:
            self.wrong(_below(place, "is"), "Choose how to compare.")
            return None
        if fact.shape is Shape.WORDS:
            self.wrong(_below(place, "op"), f"{fact.label} is a set: ask what it holds.")
            return None
        if fact.shape in (Shape.WORD, Shape.YES_OR_NO) and sign not in (Sign.EQUAL, Sign.OTHER):
            self.wrong(_below(place, "is"), f"{fact.label} is or is not; it has no more or less.")
            return None
        value = self._value(raw.get("value"), _below(place, "value"), fact)
        return None if value is None else Compare(fact.name, sign, value)

    def _between(self, raw: Mapping[str, Any], place: str, fact: Fact) -> Node | None:
        if fact.shape not in (Shape.NUMBER, Shape.DAY):
            self.wrong(_below(place, "op"), f"{fact.label} has no range.")
            return None
        low = self._value(raw.get("low"), _below(place, "low"), fact)
        high = self._value(raw.get("high"), _below(place, "high"), fact)
        if low is None or high is None:
            return None
        if low > high:  # type: ignore[operator]  # both are of the shape of one fact
            self.wrong(_below(place, "high"), "The upper end lies below the lower one.")
            return None
        return Between(fact.name, low, high)  # type: ignore[arg-type]

    def _one_of(self, raw: Mapping[str, Any], place: str, fact: Fact) -> Node | None:
        if fact.shape is not Shape.WORD:
            self.wrong(_below(place, "op"), f"{fact.label} is no word to choose among.")
            return None
        values = self._values(raw, place, fact)
        return OneOf(fact.name, values) if values else None

    def _holds(self, raw: Mapping[str, Any], place: str, fact: Fact) -> Node | None:
        if fact.shape is not Shape.WORDS:
            self.wrong(_below(place, "op"), f"{fact.label} is a single value; it holds nothing.")
            return None
        try:
            how = How(str(raw.get("how", How.ANY.value)))
        except ValueError:
            self.wrong(_below(place, "how"), "Choose any, all or none.")
            return None
        values = self._values(raw, place, fact)
        return Holds(fact.name, how, values) if values else None

    def _unknown(self, raw: Mapping[str, Any], place: str, fact: Fact) -> Node | None:
        return Unknown(fact.name)

    def _next_days(self, raw: Mapping[str, Any], place: str, fact: Fact) -> Node | None:
        if fact.shape is not Shape.DAY:
            self.wrong(_below(place, "op"), f"{fact.label} is no day.")
            return None
        days = self._days(raw, place, "days")
        return NextDays(fact.name, days) if days else None

    def _changed(self, raw: Mapping[str, Any], place: str, fact: Fact) -> Node | None:
        if fact.shape is not Shape.NUMBER:
            self.wrong(_below(place, "op"), f"{fact.label} is no number, so it does not go up or down.")
            return None
        try:
            direction, measure = Direction(str(raw.get("direction"))), Measure(str(raw.get("as")))
        except ValueError:
            self.wrong(place, "Say up or down, and whether in per cent or as an amount.")
            return None
        by = self._number(raw.get("by"), _below(place, "by"))
        if by is not None and by <= 0:
            self.wrong(_below(place, "by"), "A change is by more than nothing.")
            by = None
        days = self._days(raw, place, "days")
        return Changed(fact.name, direction, by, measure, days) if by and days else None

    def _values(self, raw: Mapping[str, Any], place: str, fact: Fact) -> tuple[str, ...]:
        values, at = raw.get("values"), _below(place, "values")
        if not isinstance(values, list) or not values:
            self.wrong(at, "Choose at least one.")
            return ()
        if len(values) > MOST_VALUES:
            self.wrong(at, f"At most {MOST_VALUES} values.")
            return ()
        read = [self._word(value, at, fact) for value in values]
        return () if None in read else tuple(dict.fromkeys(v for v in read if v is not None))

    def _value(self, raw: Any, place: str, fact: Fact) -> Value | None:
        if fact.shape is Shape.NUMBER:
            return self._number(raw, place)
        if fact.shape is Shape.DAY:
            return self._day(raw, place)
        if fact.shape is Shape.YES_OR_NO:
            if isinstance(raw, bool):
                return raw
            self.wrong(place, "Choose yes or no.")
            return None
        return self._word(raw, place, fact)

    def _word(self, raw: Any, place: str, fact: Fact) -> str | None:
        if not isinstance(raw, str) or not 1 <= len(raw) <= 200:
            self.wrong(place, "Choose a value.")
            return None
        if fact.choices and raw not in {choice.value for choice in fact.choices}:
            self.wrong(place, f"{fact.label} is never “{raw}”.")
            return None
        return raw

    def _number(self, raw: Any, place: str) -> Decimal | None:
        number: Decimal | None = None
        if isinstance(raw, str | int | Decimal) and not isinstance(raw, bool):
            try:
                number = Decimal(str(raw).strip().replace(",", ""))
            except InvalidOperation:
                number = None
        if number is None or not number.is_finite():
            self.wrong(place, "Give a number.")
            return None
        if abs(number) > LARGEST or number != number.quantize(FINEST):
            self.wrong(place, "Give a number of at most 15 digits and 6 decimals.")
            return None
        return number

    def _day(self, raw: Any, place: str) -> date | None:
        try:
            return date.fromisoformat(raw if isinstance(raw, str) else "")
        except ValueError:
            self.wrong(place, "Give a day, such as 2026-11-14.")
            return None

    def _days(self, raw: Mapping[str, Any], place: str, name: str) -> int | None:
        days = raw.get(name)
        if isinstance(days, str) and days.strip().isdecimal() and len(days) < 7:
            days = int(days)
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= LONGEST_WINDOW:
            self.wrong(_below(place, name), f"Days are a whole number from 1 to {LONGEST_WINDOW}.")
            return None
        return days


_LEAVES = {
    "compare": _Reader._compare,
    "between": _Reader._between,
    "in": _Reader._one_of,
    "has": _Reader._holds,
    "unknown": _Reader._unknown,
    "next_days": _Reader._next_days,
    "changed": _Reader._changed,
}


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def read_rule(raw: Any, vocabulary: Vocabulary) -> Node:
    """The tree of a rule's JSON; raises BadRule with every fault and its place."""
    reader = _Reader(vocabulary)
    node = reader.node(raw, "", 1)
    if reader.faults or node is None:
        raise BadRule(reader.faults)
    return node


def written(node: Node) -> dict[str, Any]:
    """The JSON of a tree; reading it again gives the same tree."""
    match node:
        case All(items) | AnyOf(items):
            return {"op": "and" if isinstance(node, All) else "or", "items": [written(item) for item in items]}
        case Not(item):
            return {"op": "not", "item": written(item)}
        case Within(days, item):
            return {"op": "within", "days": days, "item": written(item)}
        case Compare(fact, sign, value):
            return {"op": "compare", "fact": fact, "is": sign.value, "value": _plain(value)}
        case Between(fact, low, high):
            return {"op": "between", "fact": fact, "low": _plain(low), "high": _plain(high)}
        case OneOf(fact, values):
            return {"op": "in", "fact": fact, "values": list(values)}
        case Holds(fact, how, values):
            return {"op": "has", "fact": fact, "how": how.value, "values": list(values)}
        case Unknown(fact):
            return {"op": "unknown", "fact": fact}
        case NextDays(fact, days):
            return {"op": "next_days", "fact": fact, "days": days}
        case Changed(fact, direction, by, measure, days):
            return {
                "op": "changed",
                "fact": fact,
                "direction": direction.value,
                "by": _plain(by),
                "as": measure.value,
                "days": days,
            }


def _plain(value: Value) -> str | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value
