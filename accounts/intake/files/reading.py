"""Reading rows out of a file of any size and any condition, a line at a time.

Lines are UTF-8, with or without a byte order mark; a line that is not is read
as Windows-1252 and counted. A row that cannot be read costs only itself: what
came after it is read again from the next line.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import TracebackType

LONGEST_LINE = 1_000_000
BLOCK = 1 << 20
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF_8_MARK = b"\xef\xbb\xbf"
DELIMITERS = ",;\t|"
NO_CLOSING_QUOTE = "A quotation mark opens in this line and never closes."
STRAY_RETURN = "The line holds a carriage return outside quotation marks."
WRONG_QUOTES = "The quotation marks of this line do not match."
TOO_LONG = "The line is longer than a million bytes."


class FileProblem(ValueError):
    """The file as a whole cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of the line that it begins in (the header is line 1), and its cells or its problem."""

    line: int
    cells: list[str]
    problem: str = ""


class Lines:
    """Decoded lines, with those of the row at hand remembered so that they can be given back."""

    def __init__(self, stream: BufferedReader) -> None:
        self.stream = stream
        self.number = 0
        self.not_utf_8 = 0
        self.taken: list[str] = []
        self.cut = False
        self._waiting: deque[str] = deque()

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._next_of_stream()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def begin_row(self) -> int:
        """Forget the lines of the row before; returns the number of the line to come."""
        self.taken = []
        self.cut = False
        return self.number + 1

    def give_back_all_but_first(self) -> str:
        """Let the lines behind the first be read again; returns the first."""
        first, *rest = self.taken
        self._waiting.extendleft(reversed(rest))
        self.number -= len(rest)
        return first

    def _next_of_stream(self) -> str:
        raw = self.stream.readline(LONGEST_LINE)
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            self.cut = True
            while (more := self.stream.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
                pass
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.not_utf_8 += 1
            return raw.decode("cp1252", errors="replace")


class Table:
    """An open file: `header`, then `rows()`. Use it in a with statement."""

    def __init__(self, path: Path) -> None:
        self.lines_in_file = _count_lines(path)
        self._stream = path.open("rb")
        try:
            start = self._stream.read(3)
            if start.startswith(UTF_16_MARKS):
                raise FileProblem("The file is UTF-16. Save it as “CSV UTF-8” and import that.")
            self._stream.seek(3 if start == UTF_8_MARK else 0)
            self._lines = Lines(self._stream)
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

    @property
    def not_utf_8(self) -> int:
        """How many lines so far had to be read as Windows-1252."""
        return self._lines.not_utf_8

    def rows(self) -> Iterator[Row]:
        """Every row behind the header that is not blank."""
        reader = self._reader()
        while True:
            line = self._lines.begin_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(line, [self._lines.give_back_all_but_first().rstrip("\r\n")], _reason(error))
                reader = self._reader()
                continue
            if self._lines.cut:
                yield Row(line, [cell[:LONGEST_LINE] for cell in cells], TOO_LONG)
            elif any(cells):
                yield Row(line, cells, self._shape_problem(cells))

    def _shape_problem(self, cells: list[str]) -> str:
        if len(cells) != len(self.header):
            return f"The row has {len(cells)} columns, the header {len(self.header)}."
        if any("\0" in cell for cell in cells):
            return "The row holds a NUL character."
        return ""

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._lines, delimiter=self._delimiter, strict=True)

    def _read_header(self) -> list[str]:
        first = next(self._lines, "")
        self._delimiter = max(DELIMITERS, key=first.count)
        try:
            header = next(csv.reader([first], delimiter=self._delimiter, strict=True), [])
        except csv.Error as error:
            raise FileProblem("The first line cannot be read as column names.") from error
        if not any(name.strip() for name in header):
            raise FileProblem("The file has no column names in its first line.")
        return [name.strip() for name in header]


def _reason(error: csv.Error) -> str:
    told = str(error)
    if "new-line" in told:
        return STRAY_RETURN
    return NO_CLOSING_QUOTE if "end of data" in told or "field limit" in told else WRONG_QUOTES


def _count_lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(BLOCK), b""))
