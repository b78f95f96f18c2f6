"""Connections that take turns: of COPY with a commit for each block, and of batches over HTTP."""

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import psycopg
from django.conf import settings

COLUMNS = (
    "source_id, message_id, account_id, contact_id, name, quantity, seconds, occurred_at,"
    " before_subscription, properties"
)
COPY = f"COPY accounts_event ({COLUMNS}) FROM STDIN"
Work = Callable[[bytes], None]
Works = Sequence[Work]


@contextmanager
def copiers(connections: int) -> Iterator[Works]:
    """As many bare connections of the application's role; each work stores one block of rows and commits."""
    with ExitStack() as lines:
        yield [_copier(lines.enter_context(as_application())) for _ in range(connections)]


class Sender:
    """One connection to the web server. It is left after each turn, since the server leaves idle ones."""

    def __init__(self, port: int, key: str) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", port)
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
            "Content-Type": "application/json",
        }

    def send(self, body: bytes, *, new: int, known: int) -> None:
        """Send one batch; raises RuntimeError unless so many of its events were new, and known."""
        self.line.request("POST", "/v1/batch", body, self.headers)
        answer = self.line.getresponse()
        told = json.loads(answer.read())
        if answer.status != 200 or (told["accepted"], told["duplicates"]) != (new, known):
            raise RuntimeError(f"{answer.status}: {told}")


def seconds_sent(senders: Sequence[Sender], batches: Sequence[bytes], *, new: int, known: int) -> float:
    """How long it takes to send batches of so many new and known events over all of the connections."""
    took = seconds([partial(sender.send, new=new, known=known) for sender in senders], batches)
    for sender in senders:
        sender.line.close()
    return took


def seconds(works: Works, blocks: Sequence[bytes]) -> float:
    """How long the works take for the blocks, side by side, each its share in turn."""

    def share(index: int) -> None:
        for block in blocks[index :: len(works)]:
            works[index](block)

    with ThreadPoolExecutor(len(works)) as pool:
        begin = time.perf_counter()
        list(pool.map(share, range(len(works))))
        return time.perf_counter() - begin


def as_application() -> psycopg.Connection[Any]:
    """A bare connection of the role that the application has."""
    database = settings.DATABASES["default"]
    names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER"}
    return psycopg.connect(**{name: database[of_django] for name, of_django in names.items()})


def _copier(line: psycopg.Connection[Any]) -> Work:
    line.autocommit = True

    def work(block: bytes) -> None:
        with line.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.write(block)

    return work
