"""What a form sends of a rule that is being built: the draft by path, the step that was asked for, what is looked at.

The field `rule` sends `rule.r.0.1.value` for the value of the second part of
the first, and so on; a part with `joins` is a group, one with `fact` a
condition. `rule.step` is the button that was pressed. Nothing is kept between
two requests: all that the builder knows stands in the form.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from accounts.conditions.rules.draft import DEEPEST, EMPTY, WIDEST, Block, Line, Part, Path, Wrap, draft_of, json_of
from accounts.conditions.rules.hows import Asks, asking
from accounts.conditions.rules.steps import MOST_WRAPS, Step, take_step
from accounts.conditions.rules.vocabulary import Shape, Vocabulary

LONGEST_TEXT, LONGEST_RULE = 500, 100_000
LONGEST_ID = 18


@dataclass(frozen=True)
class Built:
    """The state of a builder.

    `at` and `field` say where to go on after a step, `said` what it did.
    `undo` is the JSON of the rule before something was removed. `before` is the
    rule that is live, to compare with. `account` is the one to explain, `find`
    what was typed to find it.
    """

    draft: Block = EMPTY
    at: Path = ()
    field: str = ""
    said: str = ""
    undo: str = ""
    before: Any = None
    account: int = 0
    find: str = ""


def field_name(prefix: str, path: Path, field: str) -> str:
    """The name of one field of a part, as the form sends it."""
    return ".".join((prefix, "r", *(str(n) for n in path), field))


def field_id(prefix: str, path: Path, field: str) -> str:
    """The id of its control in the page."""
    return "id_" + field_name(prefix, path, field).replace(".", "-")


def is_step(data: Mapping[str, Any], prefix: str) -> bool:
    """Whether a button of the builder sent the form, and not the one that saves it."""
    return f"{prefix}.step" in data


def read_built(data: QueryDict, prefix: str, vocabulary: Vocabulary) -> Built:
    """The builder as it was sent, after the step that was asked for."""
    draft = _read(data, prefix, (), vocabulary)
    sent = Built(
        draft=draft if isinstance(draft, Block) else EMPTY,
        undo=data.get(f"{prefix}.undo", ""),
        before=_rule(data.get(f"{prefix}.before", "")),
        account=_id(data.get(f"{prefix}.account", "")),
        find=_typed(data, f"{prefix}.find"),
    )
    name, _, rest = data.get(f"{prefix}.step", "").partition(" ")
    if name == "account":
        return replace(sent, account=_id(rest), field="account")
    if name == "find":
        return replace(sent, account=0, field="find")
    if name == "undo":
        return _undone(sent, vocabulary)
    if name:
        return _stepped(sent, name, _path(rest), vocabulary)
    return sent


def json_text(draft: Block, vocabulary: Vocabulary) -> str:
    """The draft as one line of JSON, from which it can be made again."""
    return json.dumps(json_of(draft, vocabulary)[0], separators=(",", ":"))


def _stepped(sent: Built, name: str, path: Path, vocabulary: Vocabulary) -> Built:
    step: Step = take_step(sent.draft, name, path)
    undo = json_text(sent.draft, vocabulary) if name == "remove" and step.said else ""
    return replace(sent, draft=step.draft, at=step.at, field=step.field, said=step.said, undo=undo)


def _undone(sent: Built, vocabulary: Vocabulary) -> Built:
    kept = _rule(sent.undo)
    if kept is None:
        return replace(sent, undo="")
    return replace(sent, draft=draft_of(kept, vocabulary), undo="", field="add", said="Put back what was removed.")


def _read(data: QueryDict, prefix: str, path: Path, vocabulary: Vocabulary) -> Part | None:
    wraps = _wraps(data, prefix, path)
    joins = data.get(field_name(prefix, path, "joins"))
    if joins is None:
        return _line(data, prefix, path, wraps, vocabulary) if field_name(prefix, path, "fact") in data else None
    items = []
    for n in range(WIDEST if len(path) < DEEPEST else 0):
        item = _read(data, prefix, (*path, n), vocabulary)
        if item is None:
            break
        items.append(item)
    is_bare = field_name(prefix, path, "bare") in data and len(items) == 1 and joins == "and"
    return Block("or" if joins == "or" else "and", tuple(items), wraps, is_bare)


def _wraps(data: QueryDict, prefix: str, path: Path) -> tuple[Wrap, ...]:
    wraps = []
    for n in range(MOST_WRAPS):
        op = data.get(field_name(prefix, path, f"op{n}"))
        if op not in ("not", "within"):
            break
        wraps.append(Wrap(op, _typed(data, field_name(prefix, path, f"wrap{n}"))))
    return tuple(wraps)


def _line(data: QueryDict, prefix: str, path: Path, wraps: tuple[Wrap, ...], vocabulary: Vocabulary) -> Line:
    def typed(field: str) -> str:
        return _typed(data, field_name(prefix, path, field))

    line = Line(
        fact=typed("fact"),
        how=typed("how"),
        value=typed("value"),
        high=typed("high"),
        values=_values(data, field_name(prefix, path, "values")),
        measure=typed("measure") or "percent",
        days=typed("days"),
        wraps=wraps,
    )
    return _fitted(line, typed("was"), vocabulary)


def _values(data: QueryDict, name: str) -> tuple[str, ...]:
    """Ticked choices, or, where any word is possible, one a line."""
    lines = [line.strip() for text in data.getlist(name) for line in _clean(text).splitlines()]
    return tuple(dict.fromkeys(line for line in lines if line))


def _fitted(line: Line, was: str, vocabulary: Vocabulary) -> Line:
    """The line after another fact or another way to ask was chosen: what no longer fits goes, what does stays."""
    fact, before = vocabulary.get(line.fact), vocabulary.get(was)
    if fact is None:
        return line
    if (
        before is not None
        and before.name != fact.name
        and (before.shape is not fact.shape or fact.shape in (Shape.WORD, Shape.WORDS))
    ):
        return Line(fact=line.fact, how=line.how, wraps=line.wraps)
    asks = asking(fact, line.how).asks
    if asks is Asks.SOME and not line.values and line.value:
        return replace(line, values=(line.value,))
    if asks is Asks.ONE and not line.value and line.values:
        return replace(line, value=line.values[0])
    return line


def _path(text: str) -> Path:
    parts = text.split(".") if text else []
    return tuple(int(part) for part in parts if part.isdecimal() and len(part) < 4)


def _id(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else 0


def _rule(text: str) -> Any:
    if not text or len(text) > LONGEST_RULE:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _typed(data: QueryDict, name: str) -> str:
    return _clean(data.get(name, ""))[:LONGEST_TEXT]


def _clean(text: str) -> str:
    return text.replace("\x00", "")
