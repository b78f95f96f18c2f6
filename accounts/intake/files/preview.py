"""What would become of an uploaded file: its first rows, its columns, and what would be refused now."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from accounts.intake.files.importing import Plan, plan_import, would_refuse
from accounts.intake.files.mapping import LEAVE_OUT, Mapped, MappingProblem, likely_columns
from accounts.intake.files.models import FileUpload
from accounts.intake.files.reading import Block, FileProblem, Table
from accounts.intake.files.rules import ROWS_SHOWN, ROWS_TRIED
from accounts.intake.files.shapes import SHAPES
from accounts.intake.files.sources import FIRST_SOURCE, active_source
from accounts.intake.files.spool import head_of
from accounts.sources.models import Source
from accounts.sources.rules import Kind


@dataclass(frozen=True)
class Column:
    """A column of the file: its name, the field that it is ("-" for none), and its first cells."""

    place: int
    name: str
    field: str
    cells: list[str]


@dataclass(frozen=True)
class Preview:
    """The first rows as they would be taken; `problem` says why the file cannot be taken at all."""

    source: str
    columns: list[Column]
    choices: list[tuple[str, str]]
    tried: int
    refused: list[tuple[int, str]]
    problem: str = ""


@contextmanager
def plan_of(upload: FileUpload) -> Iterator[tuple[Plan, Table]]:
    """The plan for the head of the file, and the open table. Raises FileProblem or MappingProblem."""
    kind = Kind(upload.kind)
    with head_of(upload) as path:
        # Looking makes no source: where there is none yet, the import makes it.
        source = active_source(kind) or Source(pk=0, name=FIRST_SOURCE)
        plan = plan_import(path, kind, source, upload.overrides, name=upload.name)
        with Table(path) as table:
            yield plan, table


def header_of(upload: FileUpload) -> list[str]:
    """The columns of the file as it was uploaded; none when it cannot be read."""
    try:
        with head_of(upload) as path, Table(path) as table:
            return table.header
    except FileProblem:
        return []


def preview_of(upload: FileUpload, overrides: Mapping[str, str] | None = None) -> Preview:
    """Look at the head of the file with its own mapping, or another one; nothing is kept."""
    if overrides is not None:
        upload.overrides = dict(overrides)
    try:
        with plan_of(upload) as (plan, table):
            rows = table.head(ROWS_TRIED)
            return _preview(upload, table.header, rows, plan.mapped, would_refuse(plan, rows), source=plan.source.name)
    except MappingProblem as problem:
        with head_of(upload) as path, Table(path) as table:
            rows = table.head(ROWS_SHOWN)
            return _preview(upload, table.header, rows, _likely(upload, table.header), [], problem=str(problem))
    except FileProblem as problem:
        return Preview("", [], [], 0, [], str(problem))


def _preview(
    upload: FileUpload,
    header: list[str],
    rows: Block,
    mapped: list[Mapped],
    refused: list[tuple[int, str]],
    *,
    source: str = "",
    problem: str = "",
) -> Preview:
    fields = {m.place: m.field.name for m in mapped} if mapped else _told(header, upload.overrides)
    shown = [cells for cells in rows.cells[:ROWS_SHOWN] if len(cells) == len(header)]
    columns = [
        Column(place, name, fields.get(place, LEAVE_OUT), [cells[place] for cells in shown])
        for place, name in enumerate(header)
    ]
    choices = [(LEAVE_OUT, "leave out")] + [
        (field.name, field.name.replace("_", " ") + (" (needed)" if field.required else ""))
        for field in SHAPES[Kind(upload.kind)].fields
    ]
    return Preview(source, columns, choices, len(rows), refused, problem)


def _likely(upload: FileUpload, header: list[str]) -> list[Mapped]:
    """The columns that can be told by their names or by what was said, so that only the others need be chosen."""
    try:
        return likely_columns(SHAPES[Kind(upload.kind)], header, upload.overrides)
    except MappingProblem:
        return []


def _told(header: list[str], overrides: Mapping[str, str]) -> dict[int, str]:
    """What was said of the columns, where it does not make a whole."""
    return {header.index(name): field for name, field in overrides.items() if name in header}
