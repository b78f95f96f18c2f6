"""Connections that stay open from turn to turn: of COPY with a commit for each block, and of batches over HTTP."""

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
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
# A body, and how many of its events are new and how many known.
Send = Callable[[bytes, int, int], None]


@contextmanager
def copiers(connections: int) -> Iterator[Works]:
    """As many bare connections of the application's role; each work stores one block of rows and commits."""
    with ExitStack() as lines:
        yield [_copier(lines.enter_context(as_application())) for _ in range(connections)]


@contextmanager
def senders(connections: int, port: int, key: str) -> Iterator[list[Send]]:
    """As many connections to the web server; each sends one batch and checks its answer."""
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
    }
    with ExitStack() as lines:
        opened = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(connections)]
        yield [_sender(lines.enter_context(closing(line)), headers) for line in opened]


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


def _sender(line: http.client.HTTPConnection, headers: dict[str, str]) -> Send:
    def work(body: bytes, new: int, known: int) -> None:
        line.request("POST", "/v1/batch", body, headers)
        answer = line.getresponse()
        told = json.loads(answer.read())
        if answer.status != 200 or (told["accepted"], told["duplicates"]) != (new, known):
            raise RuntimeError(f"{answer.status}: {told}")

    return work
