"""Filters that stand in the URL, and the chips that turn them over."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict

# Where one is in a list, what is open beside it, and what one has just decided, do not outlive a change of filter.
POSITION = ("open", "after", "before", "format", "decided")


@dataclass(frozen=True)
class Chip:
    """One filter as core/shell/_filter_chips.html takes it; `url` is the list with this chip turned over.

    `is_more`: there are more than `count`, which nobody counted.
    """

    label: str
    url: str
    active: bool
    count: int | None = None
    is_more: bool = False


LONGEST_ID = 18


def id_in(query: QueryDict, field: str) -> int:
    """An id that stands in the URL, such as the row that is open beside the list; 0, which nothing has, if none."""
    text = query.get(field, "")
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else 0


def chosen(query: QueryDict, field: str, known: Iterable[str]) -> str:
    """A filter's value when it is one of the known ones, else empty: what nobody offered filters nothing."""
    value = query.get(field, "")
    return value if value in set(known) else ""


def address(query: QueryDict, **changed: str) -> str:
    """The list's address with some filters changed; an empty value takes a filter away."""
    copy = query.copy()
    for name in POSITION:
        copy.pop(name, None)
    for name, value in changed.items():
        copy.pop(name, None)
        if value:
            copy[name] = value
    return f"?{copy.urlencode()}"


def chip(query: QueryDict, field: str, value: str, label: str) -> Chip:
    """A chip that sets one filter, or takes it away when it is set."""
    active = query.get(field) == value
    return Chip(label=label, url=address(query, **{field: "" if active else value}), active=active)
