"""Keyset pages: as fast on the last page as on the first, and steady while rows come in."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class KeysetPage(Generic[Row]):
    """Rows of one page, with the addresses of its neighbours (None at an end)."""

    rows: list[Row]
    previous_url: str | None
    next_url: str | None

    @property
    def shown(self) -> str:
        """How many rows are shown: a full count is not made for its own sake."""
        return f"{len(self.rows):,} shown"


def page_of(rows: QuerySet[Row], fields: Sequence[str], query: QueryDict, *, size: int = 50) -> KeysetPage[Row]:
    """One page of `rows`, sorted by `fields` ("-id" is descending), which must end in a unique one.

    The position stands in the query string: `after` or `before` with the field
    values of the row at the edge. A position that cannot be read is the first page.
    The fields may not be null.
    """
    backwards = "before" in query and "after" not in query
    order = [_flip(f) for f in fields] if backwards else list(fields)
    edge = _read(query.get("before" if backwards else "after", ""), len(fields))
    window = rows.order_by(*order)
    if edge is not None:
        try:
            window = window.filter(_beyond(order, edge))
        except (TypeError, ValueError, ValidationError):  # a value that its field cannot hold
            edge = None
    found = list(window[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = bool(found) and (more or backwards)
    has_previous = bool(found) and (edge is not None) and (more or not backwards)
    return KeysetPage(
        rows=found,
        previous_url=_url(query, "before", found[0], fields) if has_previous else None,
        next_url=_url(query, "after", found[-1], fields) if has_next else None,
    )


def _flip(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def _beyond(order: Sequence[str], edge: Sequence[Any]) -> Q:
    """Rows after the edge: (a > x) or (a = x and b > y) …, each field in its own direction.

    All of them have a >= x, which is said once more: from that the database finds where in an index
    to begin, whereas with alternatives alone it reads and drops every row before the page.
    """
    first = order[0].lstrip("-")
    begin = Q(**{f"{first}__{'lte' if order[0].startswith('-') else 'gte'}": edge[0]})
    condition, equal = Q(pk__in=[]), Q()
    for field, value in zip(order, edge, strict=True):
        name = field.lstrip("-")
        condition |= equal & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
        equal &= Q(**{name: value})
    return begin & condition


def _read(text: str, count: int) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode()))
        # PostgreSQL holds neither lone surrogates, which do not encode, nor NUL.
        holds_nul = b"\\u0000" in json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, binascii.Error):
        return None
    return values if isinstance(values, list) and len(values) == count and not holds_nul else None


def _url(query: QueryDict, side: str, row: Model, fields: Sequence[str]) -> str:
    values = [_plain(_value(row, f.lstrip("-"))) for f in fields]
    position = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    changed = query.copy()
    for name in ("after", "before", "open"):
        changed.pop(name, None)
    changed[side] = position
    return f"?{changed.urlencode()}"


def _value(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = getattr(row, part)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
