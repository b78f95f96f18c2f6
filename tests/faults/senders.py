"""Clients that send batch after batch, and the same one again with the same ids until it is answered 200."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from tests.faults.sending import headers_of

AGAIN_SECONDS = 0.2
GIVE_UP_SECONDS = 180.0


@dataclass
class Sent:
    """What became of it: batches that were acknowledged, and every answer (0: none came)."""

    acknowledged: list[int] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    broken: list[str] = field(default_factory=list)


class Senders:
    """So many clients with a connection each; `batch` makes the calls of the n-th batch."""

    def __init__(self, url: str, key: str, batch: Callable[[int], list[dict[str, Any]]], clients: int = 4) -> None:
        self.address = urlsplit(url).netloc
        self.headers = headers_of(key)
        self.batch = batch
        self.clients = clients
        self.sent = Sent()
        self._numbers = count()
        self._lock = threading.Lock()
        self._enough = threading.Event()
        self._limit: int | None = None

    @contextmanager
    def at_work(self, batches: int | None = None) -> Iterator[Sent]:
        """Send in the background: that many batches, or until the block ends. Every batch begun is brought home."""
        self._limit = batches
        threads = [threading.Thread(target=self._client) for _ in range(self.clients)]
        for thread in threads:
            thread.start()
        try:
            yield self.sent
            if batches is None:
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
        body = json.dumps({"batch": self.batch(number)}).encode()
        ends = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < ends:
            status = self._try(line, body)
            if status == 200:
                with self._lock:
                    self.sent.acknowledged.append(number)
                return
            time.sleep(AGAIN_SECONDS)
        raise TimeoutError(f"Batch {number} was not taken in for {GIVE_UP_SECONDS} s.")

    def _try(self, line: http.client.HTTPConnection, body: bytes) -> int:
        status, lacks = 0, False
        try:
            line.request("POST", "/v1/batch", body, self.headers)
            answer = line.getresponse()
            told = answer.read()
            status = answer.status
            lacks = status in (429, 503) and not answer.headers.get("Retry-After")
            if status == 200 and json.loads(told)["refused"]:
                raise AssertionError(told[:500])
        except (OSError, http.client.HTTPException) as broken:
            line.close()
            with self._lock:
                self.sent.broken.append(repr(broken))
        with self._lock:
            self.sent.answers[status] += 1
            self.sent.without_retry_after += lacks
        return status
