"""How far long work is: a bar that moves on a terminal, else a line now and then."""

import time
from collections.abc import Callable

from django.core.management.base import OutputWrapper

BAR = 24
LINE_EVERY = 5.0
BAR_EVERY = 0.1


class Progress:
    """Call it with what is done and what there is; times in seconds."""

    def __init__(
        self, stream: OutputWrapper, label: str, unit: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream, self._label, self._unit, self._clock = stream, label, unit, clock
        self._moving = stream.isatty()
        self._began = self._shown = clock()

    def __call__(self, done: int, total: int) -> None:
        now = self._clock()
        if now - self._shown < (BAR_EVERY if self._moving else LINE_EVERY):
            return
        self._shown = now
        self._write(self._words(done, total, now - self._began), end="" if self._moving else "\n")

    def finish(self, done: int) -> None:
        """Say that it is done, and how long it took."""
        took = self._clock() - self._began
        self._write(f"{self._label}: {done:,} {self._unit} in {took:.1f} s", end="\n")

    def _words(self, done: int, total: int, took: float) -> str:
        known = max(total, done, 1)
        left = took / done * (known - done) if done else 0.0
        bar = ""
        if self._moving:
            full = BAR * done // known
            bar = f"[{'#' * full}{'.' * (BAR - full)}] "
        return f"{self._label}: {bar}{done:,} of {known:,} {self._unit}, {_time(left)} left"

    def _write(self, words: str, *, end: str) -> None:
        start = "\r\x1b[K" if self._moving else ""
        self._stream.write(f"{start}{words}", ending=end)
        self._stream.flush()


def _time(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
