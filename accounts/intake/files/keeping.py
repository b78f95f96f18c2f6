"""Keeping the refused rows of a chunk, so that they can be mended: the first of them for the pages, all for their file.

Of a row that names somebody who was erased nothing is kept but its line.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from accounts.intake.files import staging
from accounts.intake.files.mapping import Mapped
from accounts.intake.files.reading import Table
from accounts.intake.files.refused import RefusedRows
from accounts.intake.files.shape import Shape
from accounts.intake.forgetting import naming_erased
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.intake.rules import KEPT_RAW_CHARACTERS, MAX_ID_LENGTH, WAS_ERASED

# The pages show what was refused; a file that is bad throughout must not fill the database.
REFUSED_KEPT = 1_000
# So many rows are held in memory, and asked about, at once.
AT_ONCE = 1_000


@dataclass(frozen=True)
class _Row:
    """One refused row: the line that it begins in, its own id or "", its cells, and why."""

    line: int
    own_id: str
    cells: list[str]
    reason: str


def keep_refused(
    batch: IntakeBatch, shape: Shape, mapped: Sequence[Mapped], table: Table, refused: RefusedRows
) -> None:
    """Keep those of the chunk that was just taken in; call in its transaction."""
    items = []
    for row in _without_erased(_rows(shape, table), mapped, table):
        raw = json.dumps(row.cells, ensure_ascii=False)
        if refused.rows < REFUSED_KEPT:
            items.append(
                RefusedItem(
                    batch=batch,
                    source=batch.source,
                    position=row.line,
                    message_id=row.own_id[:MAX_ID_LENGTH],
                    call=f"{batch.channel} {shape.kind.value}",
                    code="row",
                    reason=row.reason,
                    raw=raw[:KEPT_RAW_CHARACTERS],
                )
            )
        refused.add(row.line, raw, row.reason)
    refused.flush()
    RefusedItem.objects.bulk_create(items)


def _rows(shape: Shape, table: Table) -> Iterator[_Row]:
    for line, text, own_id, reason in staging.refused_rows(shape):
        yield _Row(line, own_id, table.cells_of(text), reason)


def _without_erased(rows: Iterator[_Row], mapped: Sequence[Mapped], table: Table) -> Iterator[_Row]:
    """The rows, with nothing left of those that name somebody who was erased."""
    places = [m.place for m in mapped if m.field.name == "contact"]
    if not places:
        yield from rows
        return
    while some := list(islice(rows, AT_ONCE)):
        forgotten = naming_erased({row.line: _persons_in(row, places[0], table) for row in some})
        yield from (_Row(row.line, "", [], WAS_ERASED) if row.line in forgotten else row for row in some)


def _persons_in(row: _Row, place: int, table: Table) -> set[str]:
    """The id in the column of the contact; of a row that was not taken apart right, all that may be one."""
    if len(row.cells) == len(table.header):
        found = [row.cells[place]]
    else:
        found = re.split(rf'["{re.escape(table.delimiter)}]', table.delimiter.join(row.cells))
    return {cell.strip()[:MAX_ID_LENGTH] for cell in found}
