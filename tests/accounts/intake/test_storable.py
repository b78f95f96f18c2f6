"""What a batch is judged by as a whole is what its calls are judged by one by one."""

import json
from bisect import bisect_right
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.intake.rows import EventRow
from accounts.intake.rules import MAX_EVENT_BYTES, Refused
from accounts.intake.storable import as_text, check_size, check_storable, may_hold_large, text_if_harmless

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["null", "\ud800", "\x00", "\\u0000", 10**40]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
PROPERTIES = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)


def row(properties: dict[str, Any], *, group: str | None = "acme", user: str | None = "anna") -> EventRow:
    return EventRow(0, "m1", group, user, "Report Generated", 5, 1_795_000_000.123456, True, properties)


def is_storable(value: Any) -> bool:
    try:
        check_storable(value)
    except Refused:
        return False
    return True


@given(st.lists(PROPERTIES.map(row) | PROPERTIES.map(lambda p: row(p, group=None)), max_size=4))
@example([row({"a": float("nan")}, group=None)])
@example([row({"a": None, "b": float("inf")}, user=None)])
@example([row({"a": None}), row({}, group=None)])
def test_a_batch_is_harmless_only_when_every_call_is(rows: list[EventRow]) -> None:
    text = text_if_harmless(rows)
    if text is None:
        # One that only looks like NUL costs a second look, not the call.
        assert not all(map(is_storable, rows)) or "\\u0000" in json.dumps(rows)
        return
    assert all(map(is_storable, rows))
    assert json.loads(text) == [list(r) for r in rows]


def test_moments_keep_their_microseconds() -> None:
    assert json.loads(as_text([row({})]))[0][6] == 1_795_000_000.123456


@pytest.mark.parametrize(
    "filler", ["a", "\x01", "\n", "é", "\\", '"', 0, 1.5, True, None, {}, [], "", {"\x01": -1e-300}]
)
def test_nothing_too_large_is_overlooked(filler: Any) -> None:
    def sized(count: int) -> dict[str, Any]:
        return {"properties": filler * count if isinstance(filler, str) and filler else [filler] * count}

    def bytes_of(count: int) -> int:
        return len(json.dumps(sized(count), ensure_ascii=False, separators=(",", ":")).encode())

    count = bisect_right(range(MAX_EVENT_BYTES), MAX_EVENT_BYTES, key=bytes_of)
    assert may_hold_large([{}, sized(count)])
    with pytest.raises(Refused):
        check_size(sized(count))
    check_size(sized(count - 1))


@pytest.mark.parametrize("odd", ["\ud800", 10**40, -(10**40)])
def test_what_cannot_be_measured_quickly_is_looked_at(odd: Any) -> None:
    assert may_hold_large([{"odd": odd}])
    check_size({"odd": odd})


def test_an_ordinary_batch_is_not_looked_at() -> None:
    assert not may_hold_large([{"event": "Report Generated", "properties": {"a": 1.5}}] * 100)
