"""From bytes to JSON: gzip said and unsaid, bombs, and whatever else is no JSON."""

import gzip
import json
import zlib

import pytest

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
