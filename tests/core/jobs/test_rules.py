"""What is left, and how long to wait."""

from datetime import timedelta

import pytest

from loyalty.core.jobs.rules import time_left, wait_before


@pytest.mark.parametrize(
    ("done", "total", "took", "expected"),
    [
        (0, 100, 5.0, ""),
        (100, 100, 5.0, ""),
        (120, 100, 5.0, ""),
        (50, 100, 0.0, ""),
        (50, 100, 10.0, "about 10 s left"),
        (999, 1000, 1.0, "about 1 s left"),
        (50, 100, 59.0, "about 59 s left"),
        (50, 100, 75.0, "about a minute left"),
        (10, 100, 60.0, "about 9 minutes left"),
    ],
)
def test_what_is_left(done: int, total: int, took: float, expected: str) -> None:
    assert time_left(done, total, took) == expected


@pytest.mark.parametrize(("tries", "seconds"), [(0, 5), (1, 5), (2, 20), (3, 80)])
def test_how_long_to_wait(tries: int, seconds: int) -> None:
    assert wait_before(tries) == timedelta(seconds=seconds)
