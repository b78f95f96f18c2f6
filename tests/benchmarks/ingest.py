"""Ingest over real HTTP against COPY, bulk_create and one ORM create per event.

All into the same table on the same durable PostgreSQL (fsync and
synchronous_commit on), as the application's role. HTTP means gunicorn, the
authenticated endpoint, batches of 100, and an answer only after commit, daily
usage and dirty marks included; the others store the bare events, with their
accounts and contacts resolved beforehand. The like-for-like peer of HTTP is
COPY with a commit for each 100 rows over as many connections.
"""

import base64
import http.client
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from typing import Any

from tests.benchmarks import stage
from tests.benchmarks.company import Company, bodies, company, day_of_events
from tests.benchmarks.results import Result

BATCH = 100
EVENTS = 15_000
ORM_EVENTS = 1_000
CONNECTIONS = 4
ROUNDS = 5

STREAM = "COPY in one stream"
COPY_ONE = "COPY, commit per 100, 1 connection"
COPY_MANY = f"COPY, commit per 100, {CONNECTIONS} connections"
BULK = "bulk_create of 100, 1 connection"
ORM = "ORM create per event, 1 connection"
HTTP_ONE = "HTTP batches of 100, 1 connection"
HTTP_MANY = f"HTTP batches of 100, {CONNECTIONS} connections"
AGAIN_ONE = "HTTP, the same batches again, 1 connection"
AGAIN_MANY = f"HTTP, the same batches again, {CONNECTIONS} connections"

TABLES = "accounts_event, accounts_dailyusage, accounts_eventday, accounts_contactday, accounts_factsdirty"
COLUMNS = (
    "source_id, message_id, account_id, contact_id, name, quantity, seconds, occurred_at,"
    " before_subscription, properties"
)
COPY = f"COPY accounts_event ({COLUMNS}) FROM STDIN"
Row = tuple[Any, ...]


def run() -> list[Result]:
    """Measure every way in turn, round after round, and take the medians.

    Ratios are taken within a round, so that a machine that is busy with
    something else for a while slows both sides of them.
    """
    with stage.engines():
        made = company()
        source, key = _set_up(made)
        rows = _rows(made, source)
        with stage.web() as port:
            ways: dict[str, Callable[[], float]] = {
                STREAM: lambda: _copy_stream(rows),
                COPY_ONE: lambda: _copy_batches(rows, 1),
                COPY_MANY: lambda: _copy_batches(rows, CONNECTIONS),
                BULK: lambda: _bulk_create(rows),
                ORM: lambda: _orm(rows[:ORM_EVENTS]),
                HTTP_ONE: lambda: _http(made, port, key, 1)[0],
                HTTP_MANY: lambda: _http(made, port, key, CONNECTIONS)[0],
                AGAIN_ONE: lambda: _http(made, port, key, 1)[1],
                AGAIN_MANY: lambda: _http(made, port, key, CONNECTIONS)[1],
            }
            rounds = [{name: _measured(name, way) for name, way in ways.items()} for _ in range(ROUNDS)]
    return _told(rounds)


def _told(rounds: list[dict[str, float]]) -> list[Result]:
    results = [
        Result("ingest", name, median(told), "events/s", detail={"rounds": [round(value) for value in told]})
        for name in rounds[0]
        for told in [[r[name] for r in rounds]]
    ]

    def ratio(ours: str, theirs: str, least: float | None = None) -> None:
        value = median(r[ours] / r[theirs] for r in rounds)
        target, met = ("", None) if least is None else (f"at least {least:g}", value >= least)
        results.append(Result("ingest", f"{ours} : {theirs}", round(value, 3), "×", target, met))

    ratio(HTTP_ONE, COPY_ONE, 0.25)
    ratio(HTTP_MANY, COPY_MANY, 0.25)
    ratio(HTTP_MANY, STREAM)
    ratio(HTTP_MANY, BULK)
    ratio(HTTP_MANY, ORM, 10)
    ratio(AGAIN_ONE, HTTP_ONE, 1)
    ratio(AGAIN_MANY, HTTP_MANY, 1)
    return results


def _measured(name: str, way: Callable[[], float]) -> float:
    with _emptied():
        speed = way()
    sys.stderr.write(f"{name}: {speed:,.0f} events/s\n")
    return speed


@contextmanager
def _emptied() -> Iterator[None]:
    """Every run starts with empty tables and nothing left to be written out."""
    with stage.owner() as connection:
        connection.execute(f"TRUNCATE {TABLES} CASCADE")
        connection.execute("CHECKPOINT")
    yield


def _set_up(made: Company) -> tuple[int, str]:
    from accounts.records.models import Account, Contact
    from accounts.sources.rules import Kind
    from accounts.sources.verbs import create_source, make_key
    from accounts.usage.models import KeyAction

    source = create_source("Product", [Kind.USAGE, Kind.ACCOUNT], acting_user=None)
    KeyAction.objects.bulk_create(KeyAction(event_name=n) for n in ("Report Generated", "Export Created", "API Call"))
    names = range(max(made.members) + 1)
    Account.objects.bulk_create(Account(external_id=made.account_name(i), name=f"Company {i}") for i in names)
    ids = dict(Account.objects.values_list("external_id", "pk"))
    Contact.objects.bulk_create(
        Contact(external_id=made.contact_name(i), account_id=ids[made.account_name(account)])
        for i, account in enumerate(made.members)
    )
    with stage.owner() as connection:
        connection.execute("VACUUM ANALYZE accounts_account, accounts_contact")
    return source.pk, make_key(source, acting_user=None)


def _rows(made: Company, source: int) -> list[Row]:
    """The same kind of events, resolved, as rows of the table."""
    from accounts.records.models import Account, Contact

    accounts = dict(Account.objects.values_list("external_id", "pk"))
    contacts = dict(Contact.objects.values_list("external_id", "pk"))
    return [
        (
            *(source, e["messageId"], accounts[e["context"]["groupId"]], contacts[e["userId"]], e["event"], 1),
            *(e["properties"]["duration_seconds"], e["timestamp"], False, json.dumps(e["properties"])),
        )
        for e in day_of_events(made, EVENTS, seed=1)
    ]


def _timed(work: Callable[[], object], count: int) -> float:
    begin = time.perf_counter()
    work()
    return count / (time.perf_counter() - begin)


def _blocks(rows: Sequence[Row], size: int) -> list[bytes]:
    lines = ["\t".join(str(value) for value in row) + "\n" for row in rows]
    return ["".join(lines[start : start + size]).encode() for start in range(0, len(lines), size)]


def _copy_stream(rows: Sequence[Row]) -> float:
    blocks = _blocks(rows, 1000)

    def work() -> None:
        with _as_application() as line, line.cursor() as cursor, cursor.copy(COPY) as copy:
            for block in blocks:
                copy.write(block)

    return _timed(work, len(rows))


def _copy_batches(rows: Sequence[Row], connections: int) -> float:
    blocks = _blocks(rows, BATCH)

    def work(mine: list[bytes]) -> None:
        with _as_application() as line:
            line.autocommit = True
            for block in mine:
                with line.cursor() as cursor, cursor.copy(COPY) as copy:
                    copy.write(block)

    return _in_parallel(work, blocks, connections, len(rows))


def _bulk_create(rows: Sequence[Row]) -> float:
    from accounts.usage.models import Event

    events = [_event(row) for row in rows]

    def work() -> None:
        for start in range(0, len(events), BATCH):
            Event.objects.bulk_create(events[start : start + BATCH])

    return _timed(work, len(rows))


def _orm(rows: Sequence[Row]) -> float:
    events = [_event(row) for row in rows]
    return _timed(lambda: [event.save(force_insert=True) for event in events], len(rows))


def _event(row: Row) -> Any:
    from accounts.usage.models import Event

    names = [name.strip() for name in COLUMNS.split(",")]
    return Event(**dict(zip(names, row, strict=True)) | {"properties": json.loads(row[-1])})


def _http(made: Company, port: int, key: str, connections: int) -> tuple[float, float]:
    """The speed of batches that are new, and that of the same ones sent again."""
    events = day_of_events(made, EVENTS, seed=time.time_ns())
    blocks = bodies(events, BATCH)
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
    }

    def sender(expected: tuple[int, int]) -> Callable[[list[bytes]], None]:
        def work(mine: list[bytes]) -> None:
            line = http.client.HTTPConnection("127.0.0.1", port)
            for body in mine:
                line.request("POST", "/v1/batch", body, headers)
                answer = line.getresponse()
                told = json.loads(answer.read())
                if answer.status != 200 or (told["accepted"], told["duplicates"]) != expected:
                    raise RuntimeError(f"{answer.status}: {told}")
            line.close()

        return work

    speeds = [_in_parallel(sender(expected), blocks, connections, len(events)) for expected in ((BATCH, 0), (0, BATCH))]
    _check_sums(len(events))
    return speeds[0], speeds[1]


def _check_sums(expected: int) -> None:
    """What was answered as accepted is there, and the daily usage says the same."""
    with stage.owner() as line:
        found = line.execute(
            "SELECT (SELECT count(*) FROM accounts_event), (SELECT sum(events) FROM accounts_dailyusage),"
            " (SELECT sum(quantity) FROM accounts_eventday), (SELECT sum(events) FROM accounts_contactday)"
        ).fetchone()
    if found != (expected,) * 4:
        raise RuntimeError(f"{expected} events were accepted, but the tables say {found}.")


def _in_parallel(work: Callable[[list[bytes]], None], blocks: list[bytes], connections: int, count: int) -> float:
    shares = [blocks[i::connections] for i in range(connections)]
    with ThreadPoolExecutor(connections) as pool:
        return _timed(lambda: list(pool.map(work, shares)), count)


def _as_application() -> Any:
    """A bare connection of the role that the application has."""
    import psycopg
    from django.conf import settings

    database = settings.DATABASES["default"]
    return psycopg.connect(host=database["HOST"], port=database["PORT"], dbname=database["NAME"], user=database["USER"])
