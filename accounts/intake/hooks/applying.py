"""Putting records in: what is newer than what is known, by the statements that files go in by.

Invariants: of each field the newest word stands (since when something is so, all
words tell together: see `lasting`), whatever the order in which records come; only one
webhook writes records of a type at a time; a bad record costs itself only.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.intake.files.shape import Shape
from accounts.intake.hooks.called import called_since
from accounts.intake.hooks.rules import (
    WAS_ERASED,
    Record,
    RecordType,
    Told,
    cannot_be_placed,
    contact_of,
    incomplete,
    not_valid,
)
from accounts.intake.hooks.standing import WAYS, Standing, standing, tell
from accounts.intake.hooks.turns import news_of
from accounts.intake.rules import Awaited, Refusal
from accounts.privacy.queries import erased_among

# The rows of a webhook stand where a file's rows would.
_STAGED = """
WITH import_staged AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS f(line integer, raw text, {columns}, reason text)
)
"""
_CHECKED = """,
import_checked AS MATERIALIZED (
    SELECT {names}, r.account_id, r.contact_id, r.day, r.is_flagged, r.reason
    FROM ({resolve}) AS r
)
"""
# Field → the trait that keeps it, by its name in the Segment spec.
_NAME_PARTS = {"first_name": "firstName", "last_name": "lastName"}

Outcomes = dict[int, Refusal | bool]
"""Position → why it was refused; else whether it told anything new."""


def apply_records(records: Sequence[Record], key: bytes, parameters: dict[str, Any]) -> Outcomes:
    """Put records of one type in; call inside a transaction. `key` is that of the digests."""
    outcomes: Outcomes = {}
    for round_ in _rounds(records):
        outcomes |= _apply(round_[0].type, round_, key, parameters)
    return outcomes


def lock_type(record_type: RecordType) -> None:
    """Let nobody else put records of this type in until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"records: {record_type.value}"])


def _rounds(records: Sequence[Record]) -> Iterator[list[Record]]:
    """The records in rounds that name each object once, as one statement cannot write a row twice."""
    waiting = list(records)
    while waiting:
        first: dict[str, Record] = {}
        rest = [record for record in waiting if first.setdefault(record.external_id, record) is not record]
        yield list(first.values())
        waiting = rest


def _apply(record_type: RecordType, records: list[Record], key: bytes, parameters: dict[str, Any]) -> Outcomes:
    known = standing(record_type, (record.external_id for record in records))
    called = called_since(record_type, records)
    erased = _erased(records)
    outcomes: Outcomes = {}
    fresh: dict[int, Told] = {}
    groups: dict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
    for sent in records:
        now = known.get(sent.external_id, Standing())
        record, newer = news_of(sent, now.told, now.values, key)
        newer = _not_told_since(record, newer, now, called.get(record.external_id, set()))
        if record.external_id in erased:
            outcomes[record.position] = WAS_ERASED
        elif not newer and record.external_id in known:
            outcomes[record.position] = False
        else:
            row = _row(record, now, newer)
            if problem := _problem(record, WAYS[record_type].shape, row):
                outcomes[record.position] = problem
            else:
                fresh[record.position] = newer
                groups[_written_names(record, newer)].append(row)
    for names, rows in groups.items():
        refused = _take(WAYS[record_type].shape, names, rows, parameters)
        outcomes |= {row["line"]: refused.get(row["line"], True) for row in rows}
    tell(record_type, {r.external_id: json.dumps(fresh[r.position]) for r in records if outcomes[r.position] is True})
    return outcomes


def _not_told_since(record: Record, newer: Told, now: Standing, called: Collection[str]) -> Told:
    """The news without that of which a call told since the record was made."""
    silenced = {*called, *(["account"] if _was_placed_since(record, now) else [])}
    return {name: word for name, word in newer.items() if name not in silenced}


def _was_placed_since(record: Record, now: Standing) -> bool:
    """Whether a call, and no record, has placed the contact since the record was made."""
    placed_at, told = now.values.get("placed_at"), now.told.get("account")
    by_record = told is not None and placed_at == datetime.fromisoformat(told[0])
    return placed_at is not None and placed_at >= record.at and not by_record


def _row(record: Record, now: Standing, newer: Told) -> dict[str, Any]:
    """The record with its news laid over what is known."""
    news = {name: value for name, value in record.fields.items() if name in newer}
    row = {"line": record.position, "external_id": record.external_id, **now.values, **news}
    if record.type is RecordType.ACCOUNT:
        row["name"] = row.get("name") or record.external_id
    if record.type is RecordType.CONTACT:
        row |= _name_of_contact(row, news)
        row["placed_at"] = record.at if "account" in news else row.get("placed_at")
    return row


def _name_of_contact(row: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """The name out of its two parts, which some systems change one at a time."""
    parts = {trait: news[name] for name, trait in _NAME_PARTS.items() if name in news}
    if not parts:
        return {}
    traits = (row.get("traits") or {}) | parts
    told = [traits.get(trait) for trait in _NAME_PARTS.values()]
    whole = " ".join(part for part in told if isinstance(part, str) and part)
    return {"traits": traits} if "name" in news else {"traits": traits, "name": whole}


def _written_names(record: Record, newer: Told) -> frozenset[str]:
    """The fields to write where the row is there: the news and no others."""
    names = set(newer)
    if record.type is RecordType.CONTACT:
        names |= {"placed_at"} if "account" in newer else set()
        names |= {"traits", "name"} if _NAME_PARTS.keys() & newer.keys() else set()
    return frozenset(names)


def _problem(record: Record, shape: Shape, row: dict[str, Any]) -> Refusal | None:
    missing = [field.name for field in shape.fields if field.required and row.get(field.name) is None]
    if missing:
        return incomplete(record, missing)
    wrong = shape.check(row)
    return not_valid(wrong) if wrong else None


def _erased(records: Sequence[Record]) -> set[str]:
    """The objects that cannot come in because of whom they are about."""
    named = {record.external_id: contact for record in records if (contact := contact_of(record)) is not None}
    erased = erased_among(named.values())
    return {external_id for external_id, contact in named.items() if contact in erased}


def _take(
    shape: Shape, names: frozenset[str], rows: list[dict[str, Any]], parameters: dict[str, Any]
) -> dict[int, Refusal]:
    """Run the statements of the shape over the rows; returns line → why a row could not go in.

    `names` are the fields to write; a row that is new is made with what every row must have as well.
    """
    mapped = [field for field in shape.fields if field.name in names]
    given = [field.name for field in shape.fields if field.name in names or field.required]
    told = [{"line": row["line"], **{name: row.get(name) for name in given}} for row in rows]
    parameters = parameters | {"rows": json.dumps(told, default=str, ensure_ascii=False)}
    named = {row["line"]: row for row in rows}
    staged = _STAGED.format(columns=", ".join(f"{field.name} {field.sql_type}" for field in shape.fields))
    checked = staged + _CHECKED.format(
        names=", ".join(f"r.{name}" for name in ("line", *(f.name for f in shape.fields))), resolve=shape.resolve
    )
    with connection.cursor() as cursor:
        if prepare := shape.prepare(mapped):
            cursor.execute(staged + prepare, parameters)
        cursor.execute(
            checked + "SELECT line, reason, account_id, contact_id FROM import_checked WHERE reason IS NOT NULL",
            parameters,
        )
        refused = {
            line: _not_placed(reason, named[line], account_id, contact_id)
            for line, reason, account_id, contact_id in cursor.fetchall()
        }
        if len(refused) < len(rows):
            cursor.execute(checked + "," + _continued(shape.take(mapped)), parameters)
    return refused


def _not_placed(reason: str, row: dict[str, Any], account_id: int | None, contact_id: int | None) -> Refusal:
    """It waits for its account or, where a call may yet tell that the contact was at it, for such a call."""
    if account_id is None:
        return cannot_be_placed(reason, row.get("account") or "")
    return cannot_be_placed(reason, row["contact"], Awaited.PLACED) if contact_id else cannot_be_placed(reason)


def _continued(statement: str) -> str:
    """A statement's own WITH list, as the continuation of another."""
    _, _, rest = statement.partition("WITH")
    return rest


def parameters_of(source_id: int, today: date) -> dict[str, Any]:
    """The parameters of the statements; `today` is that of UTC."""
    return {"source": source_id, "own": "external_id", "today": today, "currency": settings.REPORTING_CURRENCY}
