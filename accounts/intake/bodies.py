"""From the bytes of a request to the JSON in it, within bounds. Pure.

Bodies may be gzip, said or unsaid: one client sends gzip JSON as a form.
"""

import json
import zlib
from typing import Any

import msgspec

from accounts.intake.rules import (
    BATCH_TOO_LARGE,
    BROKEN_GZIP,
    MALFORMED,
    MAX_BATCH_BYTES,
    NOT_UTF8,
    TOO_DEEP,
    RequestRefused,
)

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
# Clients write one member; thousands of empty ones would only keep us busy.
_MAX_MEMBERS = 8
_quick = msgspec.json.Decoder()


def unpacked(body: bytes) -> bytes:
    """The body, decompressed if it is gzip; never inflates more than a batch may hold.

    Raises RequestRefused: 413 when it is larger than 500 KB, 400 when the gzip is broken.
    """
    if len(body) > MAX_BATCH_BYTES:
        raise RequestRefused(413, BATCH_TOO_LARGE)
    return _inflated(body) if body.startswith(GZIP_MAGIC) else body


def parsed(body: bytes) -> Any:
    """The JSON of a body. Raises RequestRefused (400) when it is none.

    NaN, Infinity and numbers out of range are let through as floats, so that
    one of them costs its own event and not the whole batch.
    """
    try:
        # Stricter than the reader below, and twice as quick: what it takes, both read alike.
        return _quick.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _read(body)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as broken:
        raise RequestRefused(400, NOT_UTF8) from broken
    except ValueError as broken:  # includes integers of more digits than Python reads
        raise RequestRefused(400, MALFORMED) from broken
    except RecursionError as deep:
        raise RequestRefused(400, TOO_DEEP) from deep


def visible(raw: bytes) -> str:
    """A refused body as text that can be stored and shown: what is not UTF-8 or NUL is spelled out."""
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def _inflated(body: bytes) -> bytes:
    """All members of a gzip body, as the format allows several."""
    out, rest = bytearray(), body
    for _ in range(_MAX_MEMBERS):
        if not rest:
            return bytes(out)
        stream = zlib.decompressobj(_GZIP_WINDOW)
        try:
            out += stream.decompress(rest, MAX_BATCH_BYTES + 1 - len(out))
        except zlib.error as broken:
            raise RequestRefused(400, BROKEN_GZIP) from broken
        if len(out) > MAX_BATCH_BYTES:
            raise RequestRefused(413, BATCH_TOO_LARGE)
        if not stream.eof:
            raise RequestRefused(400, BROKEN_GZIP)
        # Padding with zeros after the last member is allowed.
        rest = stream.unused_data.lstrip(b"\0")
    if rest:
        raise RequestRefused(400, BROKEN_GZIP)
    return bytes(out)
