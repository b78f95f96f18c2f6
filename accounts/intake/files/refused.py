"""Where refused rows are kept: line, reason, and the row as it came, for mending and sending again."""

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from loyalty.core.csv import cell

NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")


class RefusedRows(Protocol):
    """`rows` is how many there are so far; `lines_sql` selects the lines of those of an import that goes on."""

    rows: int
    lines_sql: str

    def add(self, line: int, raw: str, reason: str) -> None:
        """One row; `raw` is the JSON list of its cells."""

    def flush(self) -> None:
        """Keep what was added; called in the transaction of the chunk."""


class RefusedFile:
    """Written row by row; a file without refused rows is taken away again."""

    lines_sql = "SELECT NULL::integer WHERE false"

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path = path
        self.rows = 0
        self._stream = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream)
        self._writer.writerow(["line", "reason", *map(harmless, header)])

    def __enter__(self) -> "RefusedFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        if not self.rows and error is None:
            self.path.unlink()

    def add(self, line: int, raw: str, reason: str) -> None:
        """One row; `raw` is the JSON list of its cells."""
        self.rows += 1
        self._writer.writerow([line, reason, *map(harmless, json.loads(raw))])

    def flush(self) -> None:
        self._stream.flush()


def harmless(text: str) -> object:
    """The cell as it came, unless a spreadsheet would run it; a number stays one."""
    return text if NUMBER.fullmatch(text) else cell(text)
