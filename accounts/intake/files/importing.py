"""Taking a file in: chunk after chunk, each a transaction with its batch and audit line.

Invariants: a row goes in once, whatever is repeated; a killed import leaves
whole chunks, and the same command again takes in the rest; only one import of
a kind runs at a time, so that two cannot each find the other's rows missing.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.intake.files import staging
from accounts.intake.files.mapping import Mapped, map_columns
from accounts.intake.files.reading import Row, Table
from accounts.intake.files.refused import RefusedFile, RefusedRows
from accounts.intake.files.shape import Shape
from accounts.intake.files.shapes import SHAPES
from accounts.intake.files.values import Unreadable
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.sources.models import Source
from accounts.sources.rules import Kind
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import Actor, record
from loyalty.core.doorbell.verbs import ring_on_commit

CHUNK = 50_000
# The pages show what was refused; a file that is bad throughout must not fill the database.
REFUSED_KEPT = 1_000
CHANNEL = "csv"

Report = Callable[[int, int], None]
Told = Callable[["Summary", int, int], bool]


class Busy(Exception):
    """Another import of the kind runs at this moment."""


@dataclass
class Summary:
    """What became of the rows of a file, or of one chunk of it."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    flagged: int = 0

    def add(self, other: "Summary") -> None:
        for name, count in asdict(other).items():
            setattr(self, name, getattr(self, name) + count)


@dataclass
class _Chunk:
    """How far the reading of one chunk has come."""

    rows: Iterator[Row]
    read: int = 0
    last_line: int = 0


@dataclass(frozen=True)
class Plan:
    """A file that is ready to be taken in: whose it is, and which column is what."""

    path: Path
    source: Source
    shape: Shape
    mapped: list[Mapped]
    name: str = ""

    @property
    def own(self) -> Mapped:
        """The column of the row's own id."""
        return next(m for m in self.mapped if m.field.name == self.shape.id_field)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "source": self.source.pk,
            "own": self.own.column,
            "today": timezone.now().date(),
            "currency": settings.REPORTING_CURRENCY,
        }


def plan_import(path: Path, kind: Kind, source: Source, overrides: Mapping[str, str], *, name: str = "") -> Plan:
    """Look at the head of the file; raises FileProblem or MappingProblem with what is wrong.

    `name` is what people call the file, by default that of the path.
    """
    with Table(path) as table:
        mapped = map_columns(SHAPES[kind], table.header, overrides)
        return Plan(path, source, SHAPES[kind], mapped, name or path.name)


def import_file(
    plan: Plan, refused_path: Path, *, acting_user: Actor | None, report: Report = lambda done, total: None
) -> tuple[Summary, int]:
    """Take the file in; returns what became of its rows, and how many lines were not UTF-8.

    Good rows go in; the others are written to `refused_path` with the reason.
    `report` is told the lines done and all lines of the file. Raises OSError
    when a file cannot be read or written.
    """
    total = Summary()

    def add(done: Summary, line: int, lines: int) -> bool:
        total.add(done)
        return True

    with Table(plan.path) as table, RefusedFile(refused_path, table.header) as refused:
        take_chunks(plan, table, refused, acting_user=acting_user, told=add, report=report, wait=True)
        return total, table.not_utf_8


def take_chunks(
    plan: Plan,
    table: Table,
    refused: RefusedRows,
    *,
    acting_user: Actor | None,
    told: Told,
    report: Report = lambda done, total: None,
    after: int = 0,
    wait: bool = False,
) -> bool:
    """Take in the rows behind line `after`, chunk by chunk; True when the file has ended.

    Raises Busy while another import of the kind runs, unless it is to `wait`.

    `told` is called in the transaction of each chunk with what became of it, its
    last line and the lines of the file; when it says False, no other is begun.
    """
    with _alone(plan.shape.kind, wait=wait), staging.staging(plan.shape):
        rows, first = table.rows(), None
        if after:
            first = staging.remember_rows(plan.shape, plan.own, rows, after, refused.lines_sql)
        going = True
        while going and (first := first or next(rows, None)):
            chunk = chain([first], islice(rows, CHUNK - 1))
            going = _take_chunk(plan, chunk, refused, table.lines_in_file, acting_user, told, report)
            first = None
        return going


def would_refuse(plan: Plan, rows: Iterable[Row]) -> list[tuple[int, str]]:
    """Line and reason of those rows that would be refused now; nothing is kept."""
    with transaction.atomic(), staging.staging(plan.shape):
        staging.copy_rows(plan.shape, plan.mapped, _values(plan, _Chunk(iter(rows))))
        staging.check_rows(plan.shape, plan.mapped, plan.parameters)
        found = [(line, reason) for line, _, _, reason in staging.refused_rows(plan.shape)]
        transaction.set_rollback(True)
        return found


@transaction.atomic
def _take_chunk(
    plan: Plan,
    rows: Iterator[Row],
    refused: RefusedRows,
    lines: int,
    acting_user: Actor | None,
    told: Told,
    report: Report,
) -> bool:
    chunk, done, parameters = _Chunk(rows), Summary(), plan.parameters
    staging.copy_rows(plan.shape, plan.mapped, _values(plan, chunk, lines, report))
    done.read = chunk.read
    staging.check_rows(plan.shape, plan.mapped, parameters)
    good, done.new, done.changed, done.flagged = staging.take_rows(plan.shape, plan.mapped, parameters)
    done.unchanged, done.refused = good - done.new - done.changed, done.read - good
    batch = IntakeBatch.objects.create(
        source=plan.source,
        channel=CHANNEL,
        accepted=done.new + done.changed,
        duplicates=done.unchanged,
        refused=done.refused,
    )
    _keep_refused(plan, batch, refused)
    Source.objects.filter(pk=plan.source.pk).update(last_received_at=timezone.now())
    record(
        AuditVerb.IMPORTED,
        acting_user=acting_user,
        object_type="source",
        object_id=plan.source.pk,
        object_label=f"{plan.name} ({plan.shape.kind.value})",
        after=asdict(done),
    )
    ring_on_commit()
    return told(done, chunk.last_line, lines)


def _values(
    plan: Plan, chunk: _Chunk, lines: int = 0, report: Report = lambda done, total: None
) -> Iterator[list[Any]]:
    """Rows for COPY: line, the cells as they came, the mapped values, the reason."""
    for row in chunk.rows:
        chunk.read += 1
        chunk.last_line = row.line
        # PostgreSQL's text holds no NUL.
        raw = json.dumps([cell.replace("\0", "\N{SYMBOL FOR NULL}") for cell in row.cells], ensure_ascii=False)
        values, problem = (None, row.problem) if row.problem else _read(plan, row.cells)
        yield [row.line, raw, *(values or [None] * len(plan.mapped)), problem]
        if chunk.read % 1000 == 0:
            report(row.line, lines)


def _read(plan: Plan, cells: Sequence[str]) -> tuple[list[Any] | None, str | None]:
    values: list[Any] = []
    for m in plan.mapped:
        cell = cells[m.place].strip()
        if not cell:
            if m.field.required:
                return None, f"{m.column} is empty."
            values.append(None)
            continue
        try:
            values.append(m.field.read(cell))
        except Unreadable as problem:
            return None, f"{m.column} “{cell[:80]}” {problem}."
    whole = plan.shape.check({m.field.name: value for m, value in zip(plan.mapped, values, strict=True)})
    return (None, whole) if whole else (values, None)


def _keep_refused(plan: Plan, batch: IntakeBatch, refused: RefusedRows) -> None:
    items = []
    for line, raw, own_id, reason in staging.refused_rows(plan.shape):
        if refused.rows < REFUSED_KEPT:
            items.append(
                RefusedItem(
                    batch=batch,
                    source=plan.source,
                    position=line,
                    message_id=own_id[:255],
                    call=f"{CHANNEL} {plan.shape.kind.value}",
                    code="row",
                    reason=reason,
                    raw=raw[:32_768],
                )
            )
        refused.add(line, raw, reason)
    refused.flush()
    RefusedItem.objects.bulk_create(items)


@contextmanager
def _alone(kind: Kind, *, wait: bool) -> Iterator[None]:
    """Hold the lock of one kind of import, which PostgreSQL drops with the session."""
    name = f"import of {kind.value}"
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        else:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
            if cursor.fetchone() == (False,):
                raise Busy(name)
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
