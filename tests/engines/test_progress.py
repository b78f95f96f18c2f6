"""What is shown while things start."""

import io
import re

from loyalty.engines.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def shown(stream: io.StringIO) -> list[str]:
    return [re.sub(r"\[ +\d+\.\d s\] ", "", line) for line in stream.getvalue().splitlines()]


def test_a_log_gets_a_line_at_each_tenth() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    for done in range(401):
        progress.update("Accounts", done, 400)
    assert shown(stream) == [f"Accounts: {n} of 400" for n in range(0, 401, 40)]


def test_a_terminal_gets_one_moving_line() -> None:
    stream = Terminal()
    progress = Progress(stream)
    progress.update("Accounts", 1, 2)
    progress.update("Accounts", 2, 2)
    progress.line("Ready")
    assert stream.getvalue().count("\n") == 2
    assert stream.getvalue().count("\r\x1b[K") == 1


def test_work_of_unknown_size_is_told_once() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.update("Facts", 0, 0)
    progress.update("Facts", 0, 0)
    assert shown(stream) == ["Facts"]


def test_a_closed_terminal_stops_nothing() -> None:
    Progress(Closed()).line("Ready")
