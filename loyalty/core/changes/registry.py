"""What a room tells the ground about an object that can be changed by request.

A room makes one `Changeable` and registers it in its app's `ready()`. The ground
knows nothing of the room: it reads, measures and applies through these calls.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function

Values = Mapping[str, Any]
"""Field name to JSON value; money and decimals as text, dates as ISO text."""


@dataclass(frozen=True)
class Live:
    """The object as it stands now. `is_live`: an edit needs somebody else's decision."""

    label: str
    url: str
    version: int
    values: Values
    is_live: bool


@dataclass(frozen=True)
class Changeable:
    """How to read, measure and apply a change of one kind of object.

    `owner_of(object_id, fields)` is the function that decides an edit of these fields.
    `read(object_id, lock)` raises LookupError when there is none; with `lock` it
    takes the row lock. `clean(values)` returns complete, valid values or raises
    DomainError in words. `impact(object_id, values)` says in sentences whom the
    change touches and what it would have cost. `apply` writes the values as the
    next version; it runs inside the deciding transaction, audits the edit, and
    must not check ownership again. `in_words(field, value)` renders one value;
    where the words depend on the object, its unit for one, `in_words_of(object_id)` gives what renders.
    """

    kind: str
    label: str
    owner_of: Callable[[int, set[str]], Function]
    read: Callable[[int, bool], Live]
    clean: Callable[[int, Values], dict[str, Any]]
    impact: Callable[[int, Values], list[str]]
    apply: Callable[[int, Values, User, str], None]
    field_labels: Mapping[str, str] = field(default_factory=dict)
    in_words: Callable[[str, Any], str] = lambda name, value: "none" if value in (None, "") else str(value)
    in_words_of: Callable[[int], Callable[[str, Any], str]] | None = None
    edit_url: Callable[[int, int], str] | None = None
    """Where (object_id, change_id) the proposal can be written anew; None when it cannot."""


def anew_at(url: str, change_id: int) -> str:
    """The address of a form of edit that writes an open request anew: see `handing_in.written_anew`."""
    return f"{url}{'&' if '?' in url else '?'}change={change_id}"


Measure = Callable[[int, Values], list[str]]

_kinds: dict[str, Changeable] = {}
_measures: dict[str, list[Measure]] = {}


def register(changeable: Changeable) -> None:
    """Make a kind of object changeable by request; registering twice is a mistake."""
    if changeable.kind in _kinds and _kinds[changeable.kind] is not changeable:
        raise ValueError(f"{changeable.kind} is registered already")
    _kinds[changeable.kind] = changeable


def changeable(kind: str) -> Changeable:
    """The registered kind; KeyError when no room registered it."""
    return _kinds[kind]


def kinds() -> list[Changeable]:
    """Every registered kind, by its label."""
    return sorted(_kinds.values(), key=lambda kind: kind.label)


def add_impact(kind: str, measure: Measure) -> None:
    """Let a higher floor add sentences to the impact of a kind, such as what it would have cost."""
    if measure not in (measures := _measures.setdefault(kind, [])):
        measures.append(measure)


def measured_impact(kind: str, object_id: int, values: Values) -> list[str]:
    """The impact in sentences: the room's own first, then those of higher floors."""
    told = list(changeable(kind).impact(object_id, values))
    for measure in _measures.get(kind, []):
        told += measure(object_id, values)
    return told
