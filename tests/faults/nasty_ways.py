"""Fault row 23: what breaks plain views, sent to every way in over real connections, signed as it should be."""

import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.faults.nasty_json import BAD, BROKEN, GOOD
from tests.faults.ways import Way, basic, call, chunked

TEN_MB = b'{"batch": "' + b"x" * 10_000_000 + b'"}'


@dataclass
class Broken:
    """Statuses of all answers, and those bodies (their beginning) that had a wrong one."""

    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def send_all(address: str, key: str, ways: list[Way]) -> Broken:
    """Send everything to the plain way and to the signed ones; no answer may be 5xx, and each refusal has a reason."""
    found = Broken()
    for body in _bodies():
        for path in ("/v1/track", "/v1/batch"):
            _send(address, path, body, basic(key), found)
        for way in ways:
            headers = way.headers(way.secrets[0], f"http://{address}{way.path}", body, datetime.now(UTC))
            _send(address, way.path, body, headers, found)
    with chunked(address, "/v1/batch", basic(key)) as answer:
        found.answers[answer.status] += 1
    return found


def _send(address: str, path: str, body: bytes, headers: dict[str, str], found: Broken) -> None:
    answer = call(address, path, body, headers)
    found.answers[answer.status] += 1
    has_reason = answer.status == 200 or bool(answer.content.get("message"))
    if answer.status >= 500 or not has_reason:
        found.wrong.append(f"{path} {answer.status} {body[:60]!r}")


def _bodies() -> Iterator[bytes]:
    """Values by themselves, and where a sender would have put them."""
    values = [text.encode() for text in GOOD] + [text.encode() for texts in BAD.values() for text in texts] + BROKEN
    for value in values:
        yield value
        yield b'{"type": "track", "event": "E", "context": {"groupId": "nobody"}, "properties": {"v": ' + value + b"}}"
        yield b'{"type": "ticket", "data": ' + value + b', "detail": ' + value + b"}"
    yield gzip.compress(b'{"batch": []}')[:-3]
    yield gzip.compress(b" " * 50_000_000)
    yield TEN_MB
