"""A rule while it is being built: a tree of what was typed, which need not be right yet.

A draft holds text as people type it: per cent for a ratio (90 for 0.9), days as
ISO text. `draft_of` makes one of a rule's JSON, `json_of` the JSON again, with
the place of every typed field, so that the faults that `read_rule` finds by
place can stand beside what was typed. A path names a part of the draft: ()
is the whole, (0, 1) the second part of the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from accounts.conditions.rules.hows import Asks, asking
from accounts.conditions.rules.vocabulary import Fact, Shape, Vocabulary
from accounts.facts.rules import Unit

Path = tuple[int, ...]
LONGEST_NUMBER = 60
YES, NO = "yes", "no"
DEEPEST, WIDEST = 12, 200
"""What a draft keeps at most: deeper than any rule may be, so that what is too deep is told and not lost."""


@dataclass(frozen=True)
class Wrap:
    """What stands before a part: `not`, or `within` the last `days` days."""

    op: str
    days: str = ""


@dataclass(frozen=True)
class Line:
    """One condition as typed. `how` is the key of an Asking; `value` is also the lower end and the size of a change."""

    fact: str = ""
    how: str = ""
    value: str = ""
    high: str = ""
    values: tuple[str, ...] = ()
    measure: str = "percent"
    days: str = ""
    wraps: tuple[Wrap, ...] = ()


@dataclass(frozen=True)
class Block:
    """A group; `joins` is `and` or `or`. `is_bare`: it stands for its single part, which was the whole rule."""

    joins: str = "and"
    items: tuple["Part", ...] = ()
    wraps: tuple[Wrap, ...] = ()
    is_bare: bool = False


Part = Line | Block
EMPTY = Block()
Places = Mapping[str, tuple[Path, str]]
"""Place in the rule's JSON → path of the part and name of its field (empty: the part as a whole)."""


def draft_of(raw: Any, vocabulary: Vocabulary) -> Block:
    """The draft of a rule's JSON; what cannot be understood becomes an empty condition."""
    part = _part(raw, vocabulary, 1)
    return part if isinstance(part, Block) else Block(items=(part,), is_bare=True)


def _part(raw: Any, vocabulary: Vocabulary, level: int) -> Part:
    wraps: list[Wrap] = []
    while isinstance(raw, Mapping) and raw.get("op") in ("not", "within") and len(wraps) < DEEPEST:
        wraps.append(Wrap(str(raw["op"]), _text(raw.get("days"))))
        raw = raw.get("item")
    if not isinstance(raw, Mapping) or level > DEEPEST:
        return Line(wraps=tuple(wraps))
    if raw.get("op") in ("and", "or"):
        items = raw.get("items")
        below = items[:WIDEST] if isinstance(items, list) else []
        return Block(str(raw["op"]), tuple(_part(item, vocabulary, level + 1) for item in below), tuple(wraps))
    return _line(raw, vocabulary, tuple(wraps))


def _line(raw: Mapping[str, Any], vocabulary: Vocabulary, wraps: tuple[Wrap, ...]) -> Line:
    fact = vocabulary.get(_text(raw.get("fact")))
    by_amount = raw.get("op") != "changed" or raw.get("as") == "amount"
    values = raw.get("values")
    return Line(
        fact=_text(raw.get("fact")),
        how=_how(raw),
        value=_shown(raw.get("value", raw.get("low", raw.get("by"))), fact if by_amount else None),
        high=_shown(raw.get("high"), fact),
        values=tuple(_text(v) for v in values) if isinstance(values, list) else (),
        measure=_text(raw.get("as")) or "percent",
        days=_text(raw.get("days")),
        wraps=wraps,
    )


def _how(raw: Mapping[str, Any]) -> str:
    op = _text(raw.get("op"))
    named = {"compare": "is", "has": "how", "changed": "direction"}.get(op)
    return _text(raw.get(named, "any" if op == "has" else "")) if named else op


def _text(raw: Any) -> str:
    return "" if raw is None else str(raw)


def _shown(raw: Any, fact: Fact | None) -> str:
    if isinstance(raw, bool):
        return YES if raw else NO
    text = _text(raw)
    return _shifted(text, 2) if fact and fact.unit is Unit.RATIO else text


def _shifted(text: str, places: int) -> str:
    """The number with its point moved, exactly; text that is no number stays as it is."""
    plain = text.strip().removesuffix("%").strip().replace(",", "")
    if len(plain) > LONGEST_NUMBER:
        return text
    try:
        with localcontext(prec=2 * LONGEST_NUMBER):
            number = Decimal(plain)
            if not number.is_finite() or abs(number.adjusted()) > LONGEST_NUMBER:
                return text
            moved = number.scaleb(places)
            return f"{moved.normalize():f}"
    except InvalidOperation:
        return text


def json_of(draft: Block, vocabulary: Vocabulary) -> tuple[dict[str, Any], Places]:
    """The rule's JSON as typed, right or wrong, and which field each of its places is."""
    places: dict[str, tuple[Path, str]] = {}
    if draft.is_bare and len(draft.items) == 1 and not draft.wraps:
        return _json(draft.items[0], (0,), "", vocabulary, places), places
    return _json(draft, (), "", vocabulary, places), places


def _json(
    part: Part, path: Path, place: str, vocabulary: Vocabulary, places: dict[str, tuple[Path, str]]
) -> dict[str, Any]:
    around: list[dict[str, Any]] = []
    for number, wrap in enumerate(part.wraps):
        places[place] = (path, "")
        if wrap.op == "within":
            places[_below(place, "days")] = (path, f"wrap{number}")
        around.append({"op": "not"} if wrap.op == "not" else {"op": "within", "days": wrap.days.strip()})
        place = _below(place, "item")
    places[place] = (path, "")
    if isinstance(part, Block):
        below = _below(place, "items")
        items = [_json(item, (*path, n), f"{below}.{n}", vocabulary, places) for n, item in enumerate(part.items)]
        told: dict[str, Any] = {"op": part.joins, "items": items}
    else:
        told = _told(part, vocabulary)
        for name in ("fact", "how", "value", "high", "values", "days"):
            places[_below(place, name)] = (path, name)
        places |= {_below(place, name): (path, "how") for name in ("op", "is")}
        places |= {_below(place, name): (path, "value") for name in ("low", "by")}
    for wrapping in reversed(around):
        told = {**wrapping, "item": told}
    return told


def _told(line: Line, vocabulary: Vocabulary) -> dict[str, Any]:
    fact = vocabulary.get(line.fact)
    if fact is None:
        return {"op": "compare", "fact": line.fact}
    way, told = asking(fact, line.how), {"fact": line.fact}
    match way.asks:
        case Asks.ONE:
            return {"op": way.op, **told, "is": way.key, "value": _meant(line.value, fact)}
        case Asks.RANGE:
            return {"op": way.op, **told, "low": _meant(line.value, fact), "high": _meant(line.high, fact)}
        case Asks.SOME:
            how = {"how": way.key} if way.op == "has" else {}
            return {"op": way.op, **told, **how, "values": list(line.values)}
        case Asks.AHEAD:
            return {"op": way.op, **told, "days": line.days.strip()}
        case Asks.CHANGE:
            by = _meant(line.value, fact) if line.measure == "amount" else line.value.strip().removesuffix("%").strip()
            change = {"direction": way.key, "by": by, "as": line.measure, "days": line.days.strip()}
            return {"op": way.op, **told, **change}
        case Asks.NOTHING:
            return {"op": way.op, **told}


def _meant(typed: str, fact: Fact) -> str | bool:
    if fact.shape is Shape.YES_OR_NO and typed in (YES, NO):
        return typed == YES
    text = typed if fact.shape is Shape.WORD else typed.strip()
    if fact.unit is Unit.RATIO:
        return _shifted(text, -2)
    return text


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
