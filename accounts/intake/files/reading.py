"""Reading rows out of a file of any size and any condition, a block of lines at a time.

A block that is in order is decoded and taken apart at once; one that is not is
read row by row (`lines.py`), so that the file as a whole reads the same however
it falls into blocks.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from itertools import pairwise
from pathlib import Path
from types import TracebackType

from accounts.intake.files.lines import LONGEST_LINE, Lines, Row, careful_rows, decoded

# Small enough for its rows to be gone again before Python's collector goes through them.
BLOCK = 1 << 16
# How many lines a block may grow by until the quotation marks in it are even.
MORE_LINES = 1000
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF_8_MARK = b"\xef\xbb\xbf"
DELIMITERS = ",;\t|"


class FileProblem(ValueError):
    """The file as a whole cannot be read; the text says why."""


@dataclass(slots=True)
class Block:
    """Some rows on end: of each the line that it begins in, its text, and its cells.

    `problems` is place in the block → why that row cannot be read.
    """

    lines: Sequence[int]
    texts: list[str]
    cells: list[list[str]]
    problems: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cells)

    def add(self, block: "Block") -> None:
        """Put the rows of another block behind these."""
        self.problems |= {len(self) + place: why for place, why in block.problems.items()}
        self.lines = [*self.lines, *block.lines]
        self.texts += block.texts
        self.cells += block.cells

    def some(self, places: Sequence[int]) -> "Block":
        """The rows at these places, without their problems."""
        return Block(
            [self.lines[place] for place in places],
            [self.texts[place] for place in places],
            [self.cells[place] for place in places],
        )

    def part(self, start: int, end: int) -> "Block":
        """The rows [start, end) of the block."""
        problems = {place - start: why for place, why in self.problems.items() if start <= place < end}
        return Block(self.lines[start:end], self.texts[start:end], self.cells[start:end], problems)


class Table:
    """An open file: `header`, then `blocks()`. Use it in a with statement.

    `not_utf_8` is how many lines so far had to be read as Windows-1252.
    """

    def __init__(self, path: Path) -> None:
        self.lines_in_file = _count_lines(path)
        self.not_utf_8 = 0
        self._stream = path.open("rb")
        try:
            start = self._stream.read(3)
            if start.startswith(UTF_16_MARKS):
                raise FileProblem("The file is UTF-16. Save it as “CSV UTF-8” and import that.")
            self._behind_header = 3 if start == UTF_8_MARK else 0
            self.header = self._read_header()
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> "Table":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def blocks(self) -> Iterator[Block]:
        """Every row behind the header that is not blank."""
        position, number = self._behind_header, 1
        while True:
            self._stream.seek(position)
            raw = self._whole_lines()
            if not raw:
                return
            if (block := self._at_once(raw, number)) is not None:
                position, number = position + len(raw), number + raw.count(b"\n")
            else:
                self._stream.seek(position)
                lines = Lines(self._stream, number)
                block = self._row_by_row(lines, len(raw))
                position, number = position + lines.size, lines.number
            if block.cells:
                yield block

    def head(self, count: int) -> Block:
        """The first rows behind the header."""
        found = Block([], [], [])
        for block in self.blocks():
            found.add(block)
            if len(found) >= count:
                break
        return found.part(0, count)

    def cells_of(self, text: str) -> list[str]:
        """The cells of a row out of its text; the whole as one cell where it cannot be taken apart."""
        try:
            return next(csv.reader(StringIO(text, newline="\n"), delimiter=self.delimiter, strict=True), [text])
        except csv.Error:
            return [text]

    def _whole_lines(self) -> bytes:
        """About a block of lines, and the rest of a row that goes on behind them."""
        raw = self._stream.read(BLOCK)
        if raw and not raw.endswith(b"\n"):
            raw += self._stream.readline(LONGEST_LINE)
        if raw.count(b'"') % 2:
            more = bytearray()
            for _ in range(MORE_LINES):
                line = self._stream.readline(LONGEST_LINE)
                more += line
                if line.count(b'"') % 2:
                    return raw + more
                if not line or len(more) > BLOCK:
                    break
        return raw

    def _at_once(self, raw: bytes, number: int) -> Block | None:
        """The rows of whole lines behind line `number`; None when they are not all in order."""
        if len(raw) >= LONGEST_LINE and max(map(len, raw.split(b"\n"))) >= LONGEST_LINE - 1:
            return None
        texts, not_utf_8 = _texts(raw)
        try:
            block = self._quoted(texts, number) if b'"' in raw else self._plain(texts, number)
        except csv.Error:
            return None
        self.not_utf_8 += not_utf_8
        if not all(map(any, block.cells)):
            block = block.some([place for place, cells in enumerate(block.cells) if any(cells)])
        return self._checked(block, has_nul=b"\0" in raw)

    def _plain(self, texts: list[str], number: int) -> Block:
        """The rows of lines without a quotation mark. Raises csv.Error as `_quoted` would."""
        texts = [text.removesuffix("\n").removesuffix("\r") for text in texts]
        if max(map(len, texts)) > csv.field_size_limit() or any("\r" in text for text in texts):
            raise csv.Error
        return Block(range(number + 1, number + 1 + len(texts)), texts, [text.split(self.delimiter) for text in texts])

    def _quoted(self, texts: list[str], number: int) -> Block:
        """The rows of lines, of which some may go on in the next. Raises csv.Error."""
        reader = csv.reader(texts, delimiter=self.delimiter, strict=True)
        told = [(cells, reader.line_num) for cells in reader]
        ends = [0, *(end for _, end in told)]
        rows = ["".join(texts[start:end]).rstrip("\r\n") for start, end in pairwise(ends)]
        return Block([number + 1 + start for start in ends[:-1]], rows, [cells for cells, _ in told])

    def _row_by_row(self, lines: Lines, size: int) -> Block:
        """The rows of at least the next `size` bytes."""
        rows: list[Row] = []
        for row in careful_rows(lines, self.delimiter):
            rows.append(row)
            if lines.size >= size:
                break
        self.not_utf_8 += lines.not_utf_8
        block = Block([row.line for row in rows], [row.text for row in rows], [row.cells for row in rows])
        block.problems = {place: row.problem for place, row in enumerate(rows) if row.problem}
        return self._checked(block, has_nul=True)

    def _checked(self, block: Block, *, has_nul: bool) -> Block:
        """The block, with what is wrong with the form of its rows."""
        width = len(self.header)
        if has_nul or set(map(len, block.cells)) != {width}:
            for place, found in enumerate(block.cells):
                if len(found) != width:
                    block.problems.setdefault(place, f"The row has {len(found)} columns, the header {width}.")
                elif any("\0" in cell for cell in found):
                    block.problems.setdefault(place, "The row holds a NUL character.")
        return block

    def _read_header(self) -> list[str]:
        self._stream.seek(self._behind_header)
        lines = Lines(self._stream)
        first = next(lines, "")
        if "\0" in first:
            raise FileProblem("The first line holds NUL characters. Save the file as “CSV UTF-8” and import that.")
        self.delimiter = max(DELIMITERS, key=first.count)
        try:
            header = next(csv.reader([first], delimiter=self.delimiter, strict=True), [])
        except csv.Error as error:
            raise FileProblem("The first line cannot be read as column names.") from error
        if not any(name.strip() for name in header):
            raise FileProblem("The file has no column names in its first line.")
        self._behind_header += lines.size
        self.not_utf_8 += lines.not_utf_8
        return _told_apart(name.strip() for name in header)


def _told_apart(names: Iterable[str]) -> list[str]:
    """The names of columns, with a number behind each that stood before."""
    told: dict[str, None] = {}
    times: Counter[str] = Counter()
    for name in names:
        one = name
        while one in told:
            times[name] += 1
            one = f"{name} ({times[name] + 1})".strip()
        told[one] = None
    return list(told)


def _texts(raw: bytes) -> tuple[list[str], int]:
    """The lines with their ends, and how many of them were not UTF-8."""
    try:
        return list(StringIO(raw.decode(), newline="\n")), 0
    except UnicodeDecodeError:
        told = [decoded(line) for line in BytesIO(raw)]
        return [text for text, _ in told], sum(not is_utf_8 for _, is_utf_8 in told)


def _count_lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(BLOCK), b""))
