"""Clients that send one request after the other, and the same one again with the same ids until it is answered 200."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from tests.faults.sending import headers_of

AGAIN_SECONDS = 0.2
GIVE_UP_SECONDS = 180.0


@dataclass(frozen=True)
class Letter:
    """One request, the same however often it is sent."""

    path: str
    body: Any
    headers: Mapping[str, str]


def batches(key: str, batch: Callable[[int], list[dict[str, Any]]]) -> Callable[[int], Letter]:
    """The n-th batch of calls as a request."""
    return lambda number: Letter("/v1/batch", {"batch": batch(number)}, headers_of(key))


@dataclass
class Sent:
    """What became of it: request → its answer once it was acknowledged, and the status of every one (0: none came)."""

    acknowledged: dict[int, dict[str, Any]] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    broken: list[str] = field(default_factory=list)


class Senders:
    """So many clients with a connection each; `letter` makes the n-th request."""

    def __init__(self, url: str, letter: Callable[[int], Letter], clients: int = 4) -> None:
        self.address = urlsplit(url).netloc
        self.letter = letter
        self.clients = clients
        self.sent = Sent()
        self._numbers = count()
        self._lock = threading.Lock()
        self._enough = threading.Event()
        self._limit: int | None = None

    @contextmanager
    def at_work(self, limit: int | None = None) -> Iterator[Sent]:
        """Send in the background: that many requests, or until the block ends. Each that was begun is brought home."""
        self._limit = limit
        threads = [threading.Thread(target=self._client) for _ in range(self.clients)]
        for thread in threads:
            thread.start()
        try:
            yield self.sent
            if limit is None:
                self._enough.set()
        except BaseException:
            self._enough.set()
            raise
        finally:
            for thread in threads:
                thread.join()

    def _client(self) -> None:
        line = http.client.HTTPConnection(self.address, timeout=30)
        while not self._enough.is_set():
            with self._lock:
                number = next(self._numbers)
            if self._limit is not None and number >= self._limit:
                break
            self._bring_home(line, number)
        line.close()

    def _bring_home(self, line: http.client.HTTPConnection, number: int) -> None:
        letter = self.letter(number)
        body = json.dumps(letter.body).encode()
        ends = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < ends:
            status, told = self._try(line, letter, body)
            if status == 200:
                with self._lock:
                    self.sent.acknowledged[number] = told
                return
            time.sleep(AGAIN_SECONDS)
        raise TimeoutError(f"Request {number} was not taken in for {GIVE_UP_SECONDS} s.")

    def _try(self, line: http.client.HTTPConnection, letter: Letter, body: bytes) -> tuple[int, dict[str, Any]]:
        status, lacks, told = 0, False, {}
        try:
            line.request("POST", letter.path, body, dict(letter.headers))
            answer = line.getresponse()
            text = answer.read()
            status = answer.status
            lacks = status in (429, 503) and not answer.headers.get("Retry-After")
            told = json.loads(text) if status == 200 else {}
            if told.get("refused"):
                raise AssertionError(text[:500])
        except (OSError, http.client.HTTPException) as broken:
            line.close()
            with self._lock:
                self.sent.broken.append(repr(broken))
        with self._lock:
            self.sent.answers[status] += 1
            self.sent.without_retry_after += lacks
        return status, told
