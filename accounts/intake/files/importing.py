"""Taking a file in: chunk after chunk, each a transaction with its batch and audit line.

Invariants: a row goes in once, whatever is repeated; a killed import leaves
whole chunks, and the same command again takes in the rest; only one import of
a kind runs at a time, so that two cannot each find the other's rows missing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.intake.files import staging
from accounts.intake.files.ahead import made_ahead
from accounts.intake.files.columns import Columns
from accounts.intake.files.keeping import keep_refused
from accounts.intake.files.mapping import Mapped, map_columns
from accounts.intake.files.pieces import Piece, behind, chunks_of, pieces_of
from accounts.intake.files.reading import Block, Table
from accounts.intake.files.refused import RefusedFile, RefusedRows
from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.shapes import SHAPES
from accounts.intake.files.sources import hear_file_of
from accounts.intake.models import IntakeBatch
from accounts.sources.models import Source
from accounts.sources.rules import Kind
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import Actor, record
from loyalty.core.doorbell.verbs import ring_on_commit

CHUNK = 100_000
CHANNEL = "csv"
# What is read while the database is at work on a chunk: most of the next one.
PIECES_AHEAD = 64

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


@dataclass(frozen=True)
class Plan:
    """A file that is ready to be taken in: whose it is, and which column is what."""

    path: Path
    source: Source
    shape: Shape
    mapped: list[Mapped]
    name: str = ""

    @property
    def ids(self) -> list[Mapped]:
        """The columns that tell a row's own id."""
        return [m for m in self.mapped if m.field.name in (self.shape.id_from or (self.shape.id_field,))]

    @property
    def fields(self) -> list[Field]:
        """The fields that the file has columns for."""
        return [m.field for m in self.mapped]

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "source": self.source.pk,
            "own": "The row" if self.shape.id_sql else self.ids[0].column,
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
    run = _Run(plan, table, refused, acting_user, told, report)
    columns = Columns(plan.shape, plan.mapped)
    with _alone(plan.shape.kind, wait=wait), staging.staging(plan.shape):
        blocks = table.blocks()
        if after:
            blocks = behind(after, blocks, lambda before: _remember(plan, before, refused))
        with made_ahead(pieces_of(blocks, columns, CHUNK), PIECES_AHEAD) as pieces:
            return all(_take_chunk(run, columns.names, chunk) for chunk in chunks_of(pieces))


def would_refuse(plan: Plan, rows: Block) -> list[tuple[int, str]]:
    """Line and reason of those rows that would be refused now; nothing is kept."""
    columns = Columns(plan.shape, plan.mapped)
    with transaction.atomic(), staging.staging(plan.shape):
        staging.copy_rows(columns.names, [columns.copied(rows)] if rows else [])
        staging.check_rows(plan.shape, plan.fields, plan.parameters)
        found = [(line, reason) for line, _, _, reason in staging.refused_rows(plan.shape)]
        transaction.set_rollback(True)
        return found


@transaction.atomic
def _remember(plan: Plan, blocks: Iterator[Block], refused: RefusedRows) -> None:
    """Note the ids of rows that went in before this session."""
    columns = Columns(plan.shape, plan.ids, whole=False)
    staging.copy_rows(columns.names, (columns.copied(block) for block in blocks if block))
    staging.remember_copied(plan.shape, refused.lines_sql)


@dataclass(frozen=True)
class _Run:
    """One run over a file: what is taken in, and who is told."""

    plan: Plan
    table: Table
    refused: RefusedRows
    acting_user: Actor | None
    told: Told
    report: Report

    def copied(self, pieces: Iterator[Piece], done: "_Done") -> Iterator[bytes]:
        """The pieces for COPY, counted as they go."""
        for piece in pieces:
            done.summary.read += piece.rows
            done.last_line = piece.last_line
            yield piece.copied
            self.report(piece.last_line, self.table.lines_in_file)


@dataclass
class _Done:
    """How far one chunk has come."""

    summary: Summary = field(default_factory=Summary)
    last_line: int = 0


@transaction.atomic
def _take_chunk(run: _Run, names: Sequence[str], pieces: Iterator[Piece]) -> bool:
    plan, chunk, parameters = run.plan, _Done(), run.plan.parameters
    staging.remember_taken(plan.shape)
    staging.copy_rows(names, run.copied(pieces, chunk))
    staging.check_rows(plan.shape, plan.fields, parameters)
    done = chunk.summary
    good, done.new, done.changed, done.flagged = staging.take_rows(plan.shape, plan.fields, parameters)
    done.unchanged, done.refused = good - done.new - done.changed, done.read - good
    batch = IntakeBatch.objects.create(
        source=plan.source,
        channel=CHANNEL,
        accepted=done.new + done.changed,
        duplicates=done.unchanged,
        refused=done.refused,
    )
    if done.refused:
        keep_refused(batch, plan.shape, plan.mapped, run.table, run.refused)
    if done.new or done.changed:
        hear_file_of(plan.source, now=timezone.now())
    record(
        AuditVerb.IMPORTED,
        acting_user=run.acting_user,
        object_type="source",
        object_id=plan.source.pk,
        object_label=f"{plan.name} ({plan.shape.kind.value})",
        after=asdict(done),
    )
    ring_on_commit()
    return run.told(done, chunk.last_line, run.table.lines_in_file)


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
