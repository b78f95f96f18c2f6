"""Ingest over real HTTP against COPY, bulk_create and one ORM create per event.

All into the same table on the same durable PostgreSQL (fsync and
synchronous_commit on), as the application's role. HTTP means gunicorn, the
authenticated endpoint, batches of 100, and an answer only after commit, daily
usage and dirty marks included; the others store the bare events, with their
accounts and contacts resolved beforehand. The like-for-like peer of HTTP is
COPY with a commit for each 100 rows over as many connections.

All ways take turns, less than a second each, into the same growing tables:
minutes apart, it is the hour of the machine that is measured.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import Any

from tests.benchmarks import stage
from tests.benchmarks.company import Company, bodies, company, day_of_events
from tests.benchmarks.ingest_lines import COLUMNS, Sender, Works, copiers, seconds, seconds_sent
from tests.benchmarks.results import Result

BATCH = 100
TURN, TURNS = 40 * BATCH, 4
ORM_TURN = 250
CONNECTIONS = 4
ROUNDS = 5

STREAM = "COPY in one stream"
BULK = "bulk_create of 100, 1 connection"
ORM = "ORM create per event, 1 connection"

TABLES = "accounts_event, accounts_dailyusage, accounts_eventday, accounts_contactday, accounts_factsdirty"
Row = tuple[Any, ...]
Way = tuple[str, Callable[[], float]]


def _over(way: str, connections: int) -> str:
    return f"{way}, {connections} connection{'s' if connections > 1 else ''}"


def _copy(connections: int) -> str:
    return _over("COPY, commit per 100", connections)


def _http(connections: int) -> str:
    return _over("HTTP batches of 100", connections)


def _again(connections: int) -> str:
    return _over("HTTP, the same batches again", connections)


def run() -> list[Result]:
    """Measure every way in turns, round after round, and take the medians. Ratios are taken within a round."""
    with stage.engines():
        made = company()
        source, key = _set_up(made)
        with stage.web() as port:
            rounds = [_round(made, source, key, port) for _ in range(ROUNDS)]
    return _told(rounds)


def _round(made: Company, source: int, key: str, port: int) -> dict[str, float]:
    """Events a second of every way; each its turn after the others, into tables that grow. The first turn warms up."""
    _empty()
    taken: Counter[str] = Counter()
    with ExitStack() as lines:
        stream = lines.enter_context(copiers(1))
        copying = {n: lines.enter_context(copiers(n)) for n in (1, CONNECTIONS)}
        sending = {n: [Sender(port, key) for _ in range(n)] for n in (1, CONNECTIONS)}
        for turn in range(TURNS + 1):
            for name, way in _bare_ways(made, source, stream, copying) + _http_ways(made, sending):
                took = way()
                taken[name] += took if turn else 0
    _check_sums(sent=2 * TURN * (TURNS + 1), beside=(4 * TURN + ORM_TURN) * (TURNS + 1))
    speeds = {name: (ORM_TURN if name == ORM else TURN) * TURNS / took for name, took in taken.items()}
    for name, speed in speeds.items():
        sys.stderr.write(f"{name}: {speed:,.0f} events/s\n")
    return speeds


def _bare_ways(made: Company, source: int, stream: Works, copying: dict[int, Works]) -> list[Way]:
    """What stores events that are resolved already, each with its own of one turn; seconds when called."""

    def rows() -> list[Row]:
        return _rows(made, source)

    copies = [(_copy(n), partial(seconds, works, _blocks(rows(), BATCH))) for n, works in copying.items()]
    return [
        (STREAM, partial(seconds, stream, _blocks(rows(), TURN))),
        *copies,
        (BULK, partial(_timed, _bulk_create, [_event(row) for row in rows()])),
        (ORM, partial(_timed, _one_by_one, [_event(row) for row in rows()[:ORM_TURN]])),
    ]


def _http_ways(made: Company, sending: dict[int, list[Sender]]) -> list[Way]:
    """Batches that are new, and the same ones again."""
    ways: list[Way] = []
    for n, senders in sending.items():
        batches = bodies(day_of_events(made, TURN, seed=time.time_ns()), BATCH)
        ways += [
            (_http(n), partial(seconds_sent, senders, batches, new=BATCH, known=0)),
            (_again(n), partial(seconds_sent, senders, batches, new=0, known=BATCH)),
        ]
    return ways


def _told(rounds: list[dict[str, float]]) -> list[Result]:
    results = [
        Result("ingest", name, median(told), "events/s", detail={"rounds": [round(value) for value in told]})
        for name in rounds[0]
        for told in [[r[name] for r in rounds]]
    ]

    def ratio(ours: str, theirs: str, least: float | None = None) -> None:
        told = [r[ours] / r[theirs] for r in rounds]
        value = median(told)
        target, met = ("", None) if least is None else (f"at least {least:g}", value >= least)
        detail = {"rounds": [round(value, 3) for value in told]}
        results.append(Result("ingest", f"{ours} : {theirs}", round(value, 3), "×", target, met, detail))

    for connections in (1, CONNECTIONS):
        ratio(_http(connections), _copy(connections), 0.25)
        ratio(_again(connections), _http(connections), 1)
    many = _http(CONNECTIONS)
    ratio(many, STREAM)
    ratio(many, BULK)
    ratio(many, ORM, 10)
    return results


def _empty() -> None:
    """Start with empty tables and nothing left to be written out."""
    with stage.owner() as connection:
        connection.execute(f"TRUNCATE {TABLES} CASCADE")
        connection.execute("CHECKPOINT")


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
    """The same kind of events, as many as a turn has, resolved, as rows of the table."""
    from accounts.records.models import Account, Contact

    accounts = dict(Account.objects.values_list("external_id", "pk"))
    contacts = dict(Contact.objects.values_list("external_id", "pk"))
    return [
        (
            *(source, e["messageId"], accounts[e["context"]["groupId"]], contacts[e["userId"]], e["event"], 1),
            *(e["properties"]["duration_seconds"], e["timestamp"], False, json.dumps(e["properties"])),
        )
        for e in day_of_events(made, TURN, seed=time.time_ns())
    ]


def _timed(work: Callable[[Sequence[Any]], object], events: Sequence[Any]) -> float:
    begin = time.perf_counter()
    work(events)
    return time.perf_counter() - begin


def _blocks(rows: Sequence[Row], size: int) -> list[bytes]:
    lines = ["\t".join(str(value) for value in row) + "\n" for row in rows]
    return ["".join(lines[start : start + size]).encode() for start in range(0, len(lines), size)]


def _bulk_create(events: Sequence[Any]) -> None:
    from accounts.usage.models import Event

    for start in range(0, len(events), BATCH):
        Event.objects.bulk_create(events[start : start + BATCH])


def _one_by_one(events: Sequence[Any]) -> None:
    for event in events:
        event.save(force_insert=True)


def _event(row: Row) -> Any:
    from accounts.usage.models import Event

    names = [name.strip() for name in COLUMNS.split(",")]
    return Event(**dict(zip(names, row, strict=True)) | {"properties": json.loads(row[-1])})


def _check_sums(*, sent: int, beside: int) -> None:
    """What was answered as accepted is there `beside` what was stored bare, and the daily usage says the same."""
    with stage.owner() as line:
        found = line.execute(
            "SELECT (SELECT count(*) FROM accounts_event), (SELECT sum(events) FROM accounts_dailyusage),"
            " (SELECT sum(quantity) FROM accounts_eventday), (SELECT sum(events) FROM accounts_contactday)"
        ).fetchone()
    if found != (sent + beside, sent, sent, sent):
        raise RuntimeError(f"{sent} events were accepted and {beside} stored bare, but the tables say {found}.")
