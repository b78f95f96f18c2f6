"""What long work says of itself."""

from io import StringIO

from django.core.management.base import OutputWrapper

from accounts.intake.files.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def said(stream: StringIO) -> str:
    clock = Clock()
    progress = Progress(OutputWrapper(stream), "a.csv", "lines", clock)
    for now, done in ((1.0, 250), (2.0, 500), (6.0, 750), (6.01, 800)):
        clock.now = now
        progress(done, 1000)
    clock.now = 8.0
    progress.finish(1000)
    return stream.getvalue()


def test_a_log_gets_a_line_now_and_then() -> None:
    assert said(StringIO()) == "a.csv: 750 of 1,000 lines, 2 s left\na.csv: 1,000 lines in 8.0 s\n"


def test_a_terminal_gets_a_bar_that_moves() -> None:
    shown = said(Terminal()).split("\r\x1b[K")

    assert shown == [
        "",
        "a.csv: [######..................] 250 of 1,000 lines, 3 s left",
        "a.csv: [############............] 500 of 1,000 lines, 2 s left",
        "a.csv: [##################......] 750 of 1,000 lines, 2 s left",
        "a.csv: 1,000 lines in 8.0 s\n",
    ]


def test_long_waits_are_told_in_minutes() -> None:
    clock, stream = Clock(), StringIO()
    progress = Progress(OutputWrapper(stream), "a.csv", "lines", clock)
    clock.now = 10.0
    progress(100, 1000)

    assert stream.getvalue() == "a.csv: 100 of 1,000 lines, 1 min 30 s left\n"
