"""Reading rows one at a time, for the parts of a file that are not in order.

A row that cannot be read costs only itself: what came after it is read again
from the next line. Lines are UTF-8; a line that is not is Windows-1252.
"""

import csv
from collections import deque
from collections.abc import Iterator
from io import BufferedReader
from typing import NamedTuple

LONGEST_LINE = 1_000_000
NO_CLOSING_QUOTE = "A quotation mark opens in this line and never closes."
STRAY_RETURN = "The line holds a carriage return outside quotation marks."
WRONG_QUOTES = "The quotation marks of this line do not match."
TOO_LONG = "The line is longer than a million bytes."


class Row(NamedTuple):
    """One row: the number of the line that it begins in (the header is line 1), its text, its cells or its problem."""

    line: int
    text: str
    cells: list[str]
    problem: str = ""


class _Line(NamedTuple):
    text: str
    size: int
    is_utf_8: bool


class Lines:
    """Decoded lines from where the stream stands, with those of the row at hand remembered.

    `number` is that of the line given last, `size` the bytes given so far.
    """

    def __init__(self, stream: BufferedReader, number: int = 0) -> None:
        self.stream = stream
        self.number = number
        self.size = 0
        self.not_utf_8 = 0
        self.taken: list[_Line] = []
        self.cut = False
        self._waiting: deque[_Line] = deque()

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._next_of_stream()
        if not line.size:
            raise StopIteration
        self._count(line, 1)
        self.taken.append(line)
        return line.text

    def begin_row(self) -> int:
        """Forget the lines of the row before; returns the number of the line to come."""
        self.taken = []
        self.cut = False
        return self.number + 1

    def give_back_all_but_first(self) -> str:
        """Let the lines behind the first be read again; returns the first."""
        first, *rest = self.taken
        self._waiting.extendleft(reversed(rest))
        for line in rest:
            self._count(line, -1)
        return first.text

    def _count(self, line: _Line, times: int) -> None:
        self.number += times
        self.size += times * line.size
        self.not_utf_8 += 0 if line.is_utf_8 else times

    def _next_of_stream(self) -> _Line:
        raw = self.stream.readline(LONGEST_LINE)
        size = len(raw)
        if size == LONGEST_LINE and not raw.endswith(b"\n"):
            self.cut = True
            while more := self.stream.readline(LONGEST_LINE):
                size += len(more)
                if more.endswith(b"\n"):
                    break
        text, is_utf_8 = decoded(raw)
        return _Line(text, size, is_utf_8)


def careful_rows(lines: Lines, delimiter: str) -> Iterator[Row]:
    """Every row that is not blank, one after the other; after each, `lines` stands behind it."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            first = lines.give_back_all_but_first().rstrip("\r\n")
            yield Row(line, first, [first], _reason(error))
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        text = "".join(taken.text for taken in lines.taken).rstrip("\r\n")
        if lines.cut:
            yield Row(line, text, [cell[:LONGEST_LINE] for cell in cells], TOO_LONG)
        elif any(cells):
            yield Row(line, text, cells)


def decoded(raw: bytes) -> tuple[str, bool]:
    """The text of a line, and whether it was UTF-8."""
    try:
        return raw.decode(), True
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), False


def _reason(error: csv.Error) -> str:
    told = str(error)
    if "new-line" in told:
        return STRAY_RETURN
    return NO_CLOSING_QUOTE if "end of data" in told or "field limit" in told else WRONG_QUOTES
