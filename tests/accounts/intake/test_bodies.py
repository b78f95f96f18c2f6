"""From bytes to JSON: gzip said and unsaid, bombs, and whatever else is no JSON."""

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.intake.bodies import parsed, unpacked, visible
from accounts.intake.rules import MAX_BATCH_BYTES, RequestRefused

BOMB = gzip.compress(b" " * 50_000_000, mtime=0)


def refusal(body: bytes) -> tuple[int, str]:
    with pytest.raises(RequestRefused) as refused:
        parsed(unpacked(body))
    return refused.value.status, refused.value.refusal.code


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1}',
        b'\xef\xbb\xbf{"a": 1}',
        gzip.compress(b'{"a": 1}', mtime=0),
        gzip.compress(b'{"a"', mtime=0) + gzip.compress(b": 1}", mtime=0),
        gzip.compress(b'{"a": 1}', mtime=0) + b"\0\0",
    ],
)
def test_read(body: bytes) -> None:
    assert parsed(unpacked(body)) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b"{}{}", 400, "malformed_json"),
        (b'{"a": 1,}', 400, "malformed_json"),
        (b"{'a': 1}", 400, "malformed_json"),
        (b'{"a": 01}', 400, "malformed_json"),
        (b'"a\nb"', 400, "malformed_json"),
        (b'"\\u12"', 400, "malformed_json"),
        (b"9" * 5000, 400, "malformed_json"),
        (b'{"a": "\xff"}', 400, "not_utf8"),
        (b'"\xed\xa0\x80"', 400, "not_utf8"),
        ('{"a": 1}'.encode("utf-16"), 400, "not_utf8"),
        (b"[" * 200_000, 400, "too_deep"),
        (b'{"a":' * 100_000, 400, "too_deep"),
        (b" " * (MAX_BATCH_BYTES + 1), 413, "batch_too_large"),
        (BOMB, 413, "batch_too_large"),
        (gzip.compress(b" " * (MAX_BATCH_BYTES + 1), mtime=0), 413, "batch_too_large"),
        (gzip.compress(b"{}", mtime=0)[:-4], 400, "broken_gzip"),
        (b"\x1f\x8bnot gzip at all", 400, "broken_gzip"),
        (gzip.compress(b"", mtime=0) * 20_000, 400, "broken_gzip"),
        (gzip.compress(b'{"a": 1}', mtime=0) + b"rubbish", 400, "broken_gzip"),
    ],
)
def test_refused(body: bytes, status: int, code: str) -> None:
    assert refusal(body) == (status, code)


def test_a_bomb_is_inflated_no_further_than_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, window: int) -> None:
            self.stream = real(window)

        def decompress(self, data: bytes, most: int) -> bytes:
            asked.append(most)
            return self.stream.decompress(data, most)

    monkeypatch.setattr("accounts.intake.bodies.zlib.decompressobj", Watched)
    assert refusal(BOMB) == (413, "batch_too_large")
    assert asked == [MAX_BATCH_BYTES + 1]


def test_what_cannot_be_stored_is_made_visible() -> None:
    assert visible(b"a\0b\xff") == "a\\x00b\\xff"


def test_numbers_beyond_json_reach_the_item() -> None:
    assert json.dumps(parsed(b"[NaN, 1e400, -Infinity]")) == "[NaN, Infinity, -Infinity]"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud800", "\x00", 10**40]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def read_slowly(body: bytes) -> Any:
    return json.loads(body.decode("utf-8-sig"))


@given(value=ANYTHING, is_ascii=st.booleans())
@example(value=float("nan"), is_ascii=True)
@example(value=-0.0, is_ascii=True)
@example(value=1e22, is_ascii=True)
def test_whatever_json_writes_is_read_as_json_reads_it(value: Any, is_ascii: bool) -> None:
    body = json.dumps(value, ensure_ascii=is_ascii).encode("utf-8", "replace")
    told, slowly = parsed(body), read_slowly(body)
    # The text tells 1 from 1.0 and from True, and one NaN from none, which `==` does not.
    assert json.dumps(told) == json.dumps(slowly)


@given(
    text=ANYTHING.map(json.dumps),
    at=st.integers(0, 50),
    into=st.binary(max_size=3)
    | st.sampled_from([b"NaN", b"1e999", b"\\ud800", b"\x00", b"\xef\xbb\xbf", b"0", b",", b"-"]),
)
def test_damaged_text_is_refused_where_json_refuses_it(text: str, at: int, into: bytes) -> None:
    raw = text.encode()
    body = raw[:at] + into + raw[at:]
    try:
        expected = json.dumps(read_slowly(body))
    except (ValueError, RecursionError):
        assert refusal(body)[0] == 400
        return
    assert json.dumps(parsed(body)) == expected
