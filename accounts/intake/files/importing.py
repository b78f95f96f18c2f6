"""Taking a file in: chunk after chunk, each a transaction with its batch and audit line.

Invariants: a row goes in once, whatever is repeated; a killed import leaves
whole chunks, and the same command again takes in the rest; only one import of
a kind runs at a time, so that two cannot each find the other's rows missing.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from accounts.intake.files.refused import RefusedFile
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


@dataclass(frozen=True)
class Plan:
    """A file that is ready to be taken in: whose it is, and which column is what."""

    path: Path
    source: Source
    shape: Shape
    mapped: list[Mapped]

    @property
    def parameters(self) -> dict[str, Any]:
        own = next(m.column for m in self.mapped if m.field.name == self.shape.id_field)
        return {
            "source": self.source.pk,
            "own": own,
            "today": timezone.now().date(),
            "currency": settings.REPORTING_CURRENCY,
        }


def plan_import(path: Path, kind: Kind, source: Source, overrides: Mapping[str, str]) -> Plan:
    """Look at the head of the file; raises FileProblem or MappingProblem with what is wrong."""
    with Table(path) as table:
        return Plan(path, source, SHAPES[kind], map_columns(SHAPES[kind], table.header, overrides))


def import_file(
    plan: Plan, refused_path: Path, *, acting_user: Actor | None, report: Report = lambda done, total: None
) -> tuple[Summary, int]:
    """Take the file in; returns what became of its rows, and how many lines were not UTF-8.

    Good rows go in; the others are written to `refused_path` with the reason.
    `report` is told the lines done and all lines of the file. Raises OSError
    when a file cannot be read or written.
    """
    total = Summary()
    with (
        Table(plan.path) as table,
        RefusedFile(refused_path, table.header) as refused,
        _alone(plan.shape.kind),
        staging.staging(plan.shape),
    ):
        rows = table.rows()
        for first in rows:
            chunk = chain([first], islice(rows, CHUNK - 1))
            total.add(_take_chunk(plan, chunk, refused, table.lines_in_file, acting_user, report))
        return total, table.not_utf_8


@transaction.atomic
def _take_chunk(
    plan: Plan, rows: Iterator[Row], refused: RefusedFile, lines: int, acting_user: Actor | None, report: Report
) -> Summary:
    done = Summary()
    parameters = plan.parameters
    staging.copy_rows(plan.shape, plan.mapped, _values(plan, rows, done, lines, report))
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
        object_label=f"{plan.path.name} ({plan.shape.kind.value})",
        after=asdict(done),
    )
    ring_on_commit()
    return done


def _values(plan: Plan, rows: Iterator[Row], done: Summary, lines: int, report: Report) -> Iterator[list[Any]]:
    """Rows for COPY: line, the cells as they came, the mapped values, the reason."""
    for row in rows:
        done.read += 1
        # PostgreSQL's text holds no NUL.
        raw = json.dumps([cell.replace("\0", "\N{SYMBOL FOR NULL}") for cell in row.cells], ensure_ascii=False)
        values, problem = (None, row.problem) if row.problem else _read(plan, row.cells)
        yield [row.line, raw, *(values or [None] * len(plan.mapped)), problem]
        if done.read % 1000 == 0:
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


def _keep_refused(plan: Plan, batch: IntakeBatch, refused: RefusedFile) -> None:
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
    RefusedItem.objects.bulk_create(items)


@contextmanager
def _alone(kind: Kind) -> Iterator[None]:
    """Hold the lock of one kind of import, which PostgreSQL drops with the session."""
    name = f"import of {kind.value}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
