"""Writing events and their sums with COPY.

Sums are added to what is there, because real events may have come in for the
same days while the demo was running.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from loyalty.demo.activity import Events
from loyalty.demo.habits import Ints
from loyalty.demo.tally import NEVER, Tally
from loyalty.demo.vocabulary import INDEX, KINDS, MILESTONE_EVENTS, NAMES

PROPERTIES: tuple[tuple[str, ...], ...] = tuple(
    tuple(json.dumps({kind.property_name: value}) for value in kind.property_values) or ("{}",) for kind in KINDS
)
ALWAYS_RAW = np.isin(np.arange(len(NAMES)), [INDEX[name] for name in MILESTONE_EVENTS])
# How what is added goes together with what is there.
SUM, FIRST, LAST = "kept.{0} + excluded.{0}", "least(kept.{0}, excluded.{0})", "greatest(kept.{0}, excluded.{0})"


@dataclass(frozen=True)
class Ids:
    """Database ids by position in the company; a person who has not joined yet has 0."""

    accounts: Ints
    contacts: Ints
    contact_names: Sequence[str]
    usage_source: int


def add_events(events: Events, ids: Ids) -> int:
    """Write raw events, in order of time, unless they are there; returns how many were given."""
    times = _instants(events.at)
    rows = (
        f"{ids.usage_source}\t{ids.contact_names[person]}-{kind}-{at:x}\t{account}\t{contact}\t{NAMES[kind]}\t1"
        f"\t{seconds}\t{time}Z\t{time}Z\tf\t{PROPERTIES[kind][at % len(PROPERTIES[kind])]}\n"
        for person, kind, at, account, contact, seconds, time in zip(
            events.person.tolist(),
            events.kind.tolist(),
            events.at.tolist(),
            ids.accounts[events.account].tolist(),
            ids.contacts[events.person].tolist(),
            events.seconds.tolist(),
            times,
            strict=True,
        )
    )
    copy(
        "accounts_event (source_id, message_id, account_id, contact_id, name, quantity, seconds, occurred_at,"
        " received_at, before_subscription, properties)",
        rows,
    )
    return len(events)


def raw_part(events: Events, raw_from: float) -> Events:
    """The events that are kept one by one: all since `raw_from` (epoch seconds), and milestone events of any day."""
    return events.where((events.at >= raw_from) | ALWAYS_RAW[events.kind])


def add_tally(sums: Tally, ids: Ids, *, is_fresh: bool) -> None:
    """Add sums to daily usage, event days and contact days; `is_fresh` when there are none yet for these days."""
    add = _copy_sums if is_fresh else _add
    account, day, *figures, first, last = sums.daily
    add(
        "accounts_dailyusage",
        ("account_id", "day"),
        dict.fromkeys(("events", "key_actions", "sign_ins", "seconds"), SUM)
        | {"key_first_at": FIRST, "key_last_at": LAST},
        _lines(ids.accounts[account], _dates(day), *figures, _moments(first), _moments(last)),
    )
    account, day, kind, quantity, first, last = sums.event_days
    add(
        "accounts_eventday",
        ("account_id", "day", "name"),
        {"quantity": SUM, "first_at": FIRST, "last_at": LAST},
        _lines(ids.accounts[account], _dates(day), np.array(NAMES)[kind], quantity, _moments(first), _moments(last)),
    )
    account, day, person, *figures = sums.contact_days
    add(
        "accounts_contactday",
        ("account_id", "day", "contact_id"),
        dict.fromkeys(("events", "key_actions"), SUM),
        _lines(ids.accounts[account], _dates(day), ids.contacts[person], *figures),
    )


def copy(target: str, rows: Iterable[str]) -> None:
    """COPY lines of text into a table with its columns."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as stream:
        stream.write("".join(rows))


def _copy_sums(table: str, key: Sequence[str], sums: Mapping[str, str], rows: Iterable[str]) -> None:
    copy(f"{table} ({', '.join((*key, *sums))})", rows)


def _add(table: str, key: Sequence[str], sums: Mapping[str, str], rows: Iterable[str]) -> None:
    columns = ", ".join((*key, *sums))
    stage = f"demo_{table}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {stage} (LIKE {table}) ON COMMIT DROP")
        copy(f"{stage} ({columns})", rows)
        cursor.execute(
            f"INSERT INTO {table} AS kept ({columns}) SELECT {columns} FROM {stage} ORDER BY {', '.join(key)}"  # noqa: S608
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET "
            + ", ".join(f"{column} = {together.format(column)}" for column, together in sums.items())
        )
        cursor.execute(f"TRUNCATE {stage}")


def _lines(*columns: NDArray) -> Iterable[str]:
    return ("\t".join(map(str, row)) + "\n" for row in zip(*(c.tolist() for c in columns), strict=True))


def _dates(day: Ints) -> NDArray[np.str_]:
    return np.datetime_as_string(day.astype("datetime64[D]"))


def _moments(at: Ints) -> NDArray[np.str_]:
    """As COPY reads them; unknown where it was NEVER."""
    return np.where(at == NEVER, r"\N", np.char.add(np.datetime_as_string(at.astype("datetime64[s]")), "Z"))


def _instants(at: Ints) -> list[str]:
    return list(np.datetime_as_string(at.astype("datetime64[s]")))
