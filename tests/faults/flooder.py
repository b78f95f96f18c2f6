"""A sender out of control, in a process of its own: `python -m tests.faults.flooder URL KEY A_SECOND ACCOUNT`.

It sends that many batches a second over a few connections, whatever it is
answered, until its input ends; then it tells how often it got which answer.
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

from tests.faults.sending import headers_of

CONNECTIONS = 8
EVENTS_A_BATCH = 20


class Flood:
    """Batches at a fixed pace: the n-th is due n / pace seconds after the beginning."""

    def __init__(self, url: str, key: str, pace: float, account: str) -> None:
        self.address, self.headers, self.pace, self.account = urlsplit(url).netloc, headers_of(key), pace, account
        self.answers: Counter[str] = Counter()
        self.enough = threading.Event()
        self._numbers, self._lock = count(), threading.Lock()
        self._began = time.monotonic()

    def send(self) -> None:
        """One connection's share."""
        line = http.client.HTTPConnection(self.address, timeout=30)
        while not self.enough.is_set():
            with self._lock:
                due = self._began + next(self._numbers) / self.pace
            if self.enough.wait(max(0.0, due - time.monotonic())):
                break
            told = self._one(line)
            with self._lock:
                self.answers[told] += 1

    def _one(self, line: http.client.HTTPConnection) -> str:
        try:
            line.request("POST", "/v1/batch", self._body(), self.headers)
            answer = line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            line.close()
            return "broken"
        return f"{answer.status}{'' if answer.status != 429 or answer.headers.get('Retry-After') else ' bare'}"

    def _body(self) -> bytes:
        named = {
            "type": "track",
            "event": "Flooded",
            "context": {"groupId": self.account},
            "properties": {"a": "x" * 200},
        }
        return json.dumps({"batch": [named | {"messageId": str(uuid4())} for _ in range(EVENTS_A_BATCH)]}).encode()


def main() -> None:
    """Flood until the input ends."""
    url, key, pace, account = sys.argv[1:5]
    flood = Flood(url, key, float(pace), account)
    threads = [threading.Thread(target=flood.send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    flood.enough.set()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(flood.answers))


if __name__ == "__main__":
    main()
