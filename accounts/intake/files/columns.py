"""From the cells of a block to what COPY takes: a column at a time, a cell that was seen before only looked up."""

from collections.abc import Sequence
from typing import Any

from accounts.intake.files.mapping import Mapped
from accounts.intake.files.reading import Block
from accounts.intake.files.shape import Shape, nothing_wrong
from accounts.intake.files.values import Text, Unreadable, as_copied

# So many different cells of a column are remembered at most.
REMEMBERED = 50_000


# What stands for itself in the text format of COPY, and what does not.
SPECIAL = ("\\", "\t", "\n", "\r", "\0")
# PostgreSQL's text holds no NUL.
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\N{SYMBOL FOR NULL}"})


class Columns:
    """The mapped columns of the files of one shape; `names` are those of what `copied` returns.

    Only where they are the `whole` of what is mapped can a row be checked as a whole.
    """

    def __init__(self, shape: Shape, mapped: Sequence[Mapped], *, whole: bool = True) -> None:
        self.names = ("line", "raw", *(m.field.name for m in mapped), "reason")
        self._check = None if shape.check is nothing_wrong or not whole else shape.check
        self._columns = [_column(m) for m in mapped]
        self._mapped = mapped
        self._fields = [m.field.name for m in mapped]

    def copied(self, block: Block) -> bytes:
        """The rows for COPY, in its text format with nothing for NULL: line, text, values, why it cannot go in."""
        problems = dict(block.problems)
        told = [block.texts, *self._read(block, problems)]
        whole = "".join(block.texts)
        if any(special in whole for special in SPECIAL):
            told = [[cell.translate(ESCAPES) for cell in column] for column in told]
        reasons = [""] * len(block)
        for place, reason in problems.items():
            reasons[place] = reason.translate(ESCAPES)
            for column in told[1:]:
                column[place] = ""
        rows = map("\t".join, zip(map(str, block.lines), *told, reasons, strict=True))
        return ("\n".join(rows) + "\n").encode()

    def _read(self, block: Block, problems: dict[int, str]) -> list[list[str]]:
        """The columns as texts; what is wrong with a row is added to the problems."""
        rows = block.cells
        if problems:
            nothing = [""] * max(map(len, rows))
            rows = [nothing if place in problems else row for place, row in enumerate(rows)]
        cells = [[row[m.place] for row in rows] for m in self._mapped]
        texts = [column.read(found, problems) for column, found in zip(self._columns, cells, strict=True)]
        if self._check:
            values = [column.values(found) for column, found in zip(self._columns, cells, strict=True)]
            for place, row in enumerate(zip(*values, strict=True)):
                if place not in problems and (wrong := self._check(dict(zip(self._fields, row, strict=True)))):
                    problems[place] = wrong
        return texts


def _column(mapped: Mapped) -> "_Column | _TextColumn":
    read = mapped.field.read
    return _TextColumn(mapped, read.longest) if isinstance(read, Text) else _Column(mapped)


class _Column:
    """One mapped column whose cells repeat themselves: days, amounts, words."""

    def __init__(self, mapped: Mapped) -> None:
        self._mapped = mapped
        self._known = _Known(mapped)

    def read(self, cells: list[str], problems: dict[int, str]) -> list[str]:
        """The values as texts, "" for none; a row's first problem is added to those of the block."""
        if len(self._known) > REMEMBERED:
            self._known = _Known(self._mapped)
        texts = [self._known[cell] for cell in cells]
        if self._known.problems:
            for place, cell in enumerate(cells):
                if cell in self._known.problems:
                    problems.setdefault(place, self._known.problems[cell])
        return texts

    def values(self, cells: list[str]) -> list[Any]:
        """The values of cells that were read just now; None for none, and for those that cannot be read."""
        return [self._known.told[cell] for cell in cells]


class _TextColumn:
    """One mapped column of text, such as ids, of which each cell may be another."""

    def __init__(self, mapped: Mapped, longest: int) -> None:
        self._mapped = mapped
        self._longest = longest

    def read(self, cells: list[str], problems: dict[int, str]) -> list[str]:
        """The texts; a row's first problem is added to those of the block."""
        texts = [cell.strip() for cell in cells]
        if (self._mapped.field.required and "" in texts) or max(map(len, texts)) > self._longest:
            for place, text in enumerate(texts):
                if problem := _read(self._mapped, text)[1]:
                    problems.setdefault(place, problem)
        return texts

    def values(self, cells: list[str]) -> list[Any]:
        """The texts; None for none."""
        return [cell.strip() or None for cell in cells]


class _Known(dict[str, str]):
    """Cell → its value as text, read when it is asked for first; with the values, and why others have none."""

    def __init__(self, mapped: Mapped) -> None:
        super().__init__()
        self.told: dict[str, Any] = {}
        self.problems: dict[str, str] = {}
        self._mapped = mapped

    def __missing__(self, cell: str) -> str:
        stripped = cell.strip()
        value, problem = _read(self._mapped, stripped)
        if problem:
            self.problems[cell] = problem
        self.told[cell] = value
        text = self[cell] = "" if value is None else as_copied(value, stripped)
        return text


def _read(mapped: Mapped, cell: str) -> tuple[Any, str]:
    """The value of a cell, None for none; and why it cannot be read, if so."""
    if not cell:
        return None, f"{mapped.column} is empty." if mapped.field.required else ""
    try:
        return mapped.field.read(cell), ""
    except Unreadable as problem:
        return None, f"{mapped.column} “{cell[:80]}” {problem}."
