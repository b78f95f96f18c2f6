"""Shows what goes on: lines with the seconds so far, one moving line on a terminal."""

import sys
import time
from contextlib import suppress
from typing import TextIO


class Progress:
    """Writes to `stream`. A stream that has gone away (closed terminal) is not an error."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.moving = self.stream.isatty()
        self.began = time.monotonic()
        self._open_line = False
        self._tenths: dict[str, int] = {}

    def line(self, text: str) -> None:
        """Write one line with the seconds since the start."""
        self._write(f"{self._clear()}[{time.monotonic() - self.began:5.1f} s] {text}\n")

    def update(self, label: str, done: int, total: int) -> None:
        """Show `done` of `total`: in place on a terminal, else one line at each tenth."""
        tenth = 10 if total <= 0 else min(10, 10 * done // total)
        text = f"{label}: {done} of {total}" if total > 0 else label
        if self._tenths.get(label) == tenth and not self.moving:
            return
        self._tenths[label] = tenth
        if tenth == 10 or not self.moving:
            self.line(text)
        else:
            self._write(f"{self._clear()}[{time.monotonic() - self.began:5.1f} s] {text}")
            self._open_line = True

    def plain(self, text: str) -> None:
        """Write text as it is."""
        self._write(f"{self._clear()}{text}\n")

    def _clear(self) -> str:
        was_open, self._open_line = self._open_line, False
        return "\r\x1b[K" if was_open else ""

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self.stream.write(text)
            self.stream.flush()
