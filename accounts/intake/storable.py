"""Can this JSON be stored so that it comes back equal? Pure.

PostgreSQL's jsonb takes neither NUL nor half a surrogate pair, and NaN and
Infinity are not JSON. A whole batch is judged by its text at once; only when
something in it looks wrong is each item looked at by itself.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from accounts.intake.rows import EventRow
from accounts.intake.rules import (
    BAD_NUMBER,
    BAD_TEXT,
    EVENT_TOO_LARGE,
    MAX_DEPTH,
    MAX_EVENT_BYTES,
    TOO_DEEP,
    Refused,
)

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_lenient = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_quick = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_NULL_CHARACTER = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def as_text(rows: Sequence[EventRow]) -> str:
    """Storable rows as the JSON text that the statements take."""
    return _encode_quick(rows).decode()


def text_if_harmless(rows: Sequence[EventRow]) -> str | None:
    """The rows as JSON text, or None when one of them may not be storable."""
    try:
        text = as_text(rows)
    except (ValueError, RecursionError):  # a UnicodeEncodeError is a ValueError
        return None
    # What is no number, such as NaN, is written as null too: only when there are more of these than
    # events without an account or a contact, it is worth writing all of it out by the slower encoder.
    nulls = text.count("null")
    if nulls and nulls > sum((row.group_id is None) + (row.user_id is None) for row in rows) and not _is_json(rows):
        return None
    # A flat row opens two brackets; only a batch with enough more of them can hide a deep one.
    brackets = text.count("{") + text.count("[") - 2 * len(rows)
    if "\\u0000" in text or (brackets >= MAX_DEPTH and any(_is_deeper(row, MAX_DEPTH) for row in rows)):
        return None
    return text


def check_storable(value: Any) -> None:
    """Raise Refused when the value would not come back equal, or is nested more than 64 deep."""
    if _is_deeper(value, MAX_DEPTH):
        raise Refused(TOO_DEEP)
    try:
        text = _encode(value)
    except ValueError as wrong:
        raise Refused(BAD_NUMBER) from wrong
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise Refused(BAD_TEXT) from wrong
    if _NULL_CHARACTER.search(text):
        raise Refused(BAD_TEXT)


def may_hold_large(items: list[Any]) -> bool:
    """Whether one call of a batch may be larger than 32 KB, or too deep to be measured; quick for a whole batch.

    MessagePack is quickly written and never shorter than a sixth of JSON (a
    control character is one byte there and six here), so that only what may be
    too large is written out as such.
    """
    try:
        return max(map(len, map(_pack, items)), default=0) > MAX_EVENT_BYTES // 6
    except (ValueError, OverflowError, RecursionError):  # half a surrogate pair; a number of 20 digits; many levels
        return True


def check_size(item: Any) -> None:
    """Raise Refused when one call is larger than 32 KB (JSON without spaces, UTF-8), or too deep to be measured."""
    if not may_hold_large([item]):
        return
    if _is_deeper(item, MAX_DEPTH):
        raise Refused(TOO_DEEP)
    if len(shown(item).encode()) > MAX_EVENT_BYTES:
        raise Refused(EVENT_TOO_LARGE)


def shown(item: Any) -> str:
    """A refused item as text that can be stored and shown, whatever is wrong with it."""
    if _is_deeper(item, MAX_DEPTH):
        return "(nested too deep to be shown)"
    return _lenient(item).encode("utf-8", "backslashreplace").decode()


def _is_json(rows: Sequence[EventRow]) -> bool:
    try:
        _encode(rows)
    except ValueError:
        return False
    return True


def _is_deeper(value: Any, limit: int) -> bool:
    """Whether objects and lists are nested deeper than `limit`; without recursion."""
    level = [value]
    for _ in range(limit + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [v for v in value.values() if isinstance(v, dict | list)]
    return [v for v in value if isinstance(v, dict | list)] if isinstance(value, list | tuple) else []
