"""Where two bodies differ: every value of a body by its place, such as properties.items[0].price. Pure."""

from collections.abc import Callable, Iterator
from typing import Any

LONGEST_PLACE = 150


def leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every innermost value with its place; without recursion: a body may be nested deeper than Python's stack."""
    waiting = [(place, value)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict) and value:
            inside = [(f"{place}.{name}" if place else str(name), inner) for name, inner in value.items()]
        elif isinstance(value, list) and value:
            inside = [(f"{place}[{number}]", inner) for number, inner in enumerate(value)]
        else:
            yield place, value
            continue
        waiting += reversed(inside)


def named(place: str, rest: Callable[[str], str] = lambda place: "") -> str:
    """A place as it can be stored and shown, whatever the names in it; `rest` tells long ones apart."""
    if len(place) > LONGEST_PLACE:
        place = f"{place[:LONGEST_PLACE]}…{rest(place)}"
    return place.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00") or "the body"


def differing(earlier: Any, later: Any) -> list[str]:
    """The places whose values are not the same in both; 1 and 1.0 are the same, 1 and true are not."""
    before, after = dict(leaves("", earlier)), dict(leaves("", later))
    places = [*after, *(place for place in before if place not in after)]
    missing = object()
    return [named(p) for p in places if _told(before.get(p, missing)) != _told(after.get(p, missing))]


def _told(value: Any) -> tuple[bool, Any]:
    return isinstance(value, bool), value
