"""How figures, days and moments are written."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from loyalty.core.figures import (
    day_text,
    machine_text,
    moment_text,
    number_text,
    percent_text,
    relative_text,
    signed,
)

NOW = datetime(2026, 11, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (1234, "1,234"), (-3, "−3"), (Decimal("2.50"), "2.50"), (1000000, "1,000,000"), ("-1234.5", "−1,234.5")],
)
def test_number(value: Decimal | int | str, written: str) -> None:
    assert number_text(value) == written


@pytest.mark.parametrize(
    ("ratio", "places", "written"),
    [
        ("0.03", 1, "3.0\u00a0%"),
        ("0.9", 1, "90.0\u00a0%"),
        ("0.12345", 2, "12.35\u00a0%"),
        ("-0.0005", 1, "−0.1\u00a0%"),
        ("-0.0004", 1, "0.0\u00a0%"),
        (12, 0, "1,200\u00a0%"),
    ],
)
def test_percent(ratio: str | int, places: int, written: str) -> None:
    assert percent_text(ratio, places) == written


@pytest.mark.parametrize(
    ("bare", "with_sign"),
    [("4", "+4"), ("−4", "−4"), ("0", "0"), ("$0.00", "$0.00"), ("$40.00", "+$40.00"), ("−$40.00", "−$40.00")],
)
def test_signed(bare: str, with_sign: str) -> None:
    assert signed(bare) == with_sign


def test_day() -> None:
    assert day_text(date(2026, 11, 4)) == "4 Nov 2026"


@pytest.mark.parametrize(
    ("distance", "written"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(seconds=-60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "in 59 min"),
        (timedelta(hours=-1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "in 23 h"),
        (timedelta(days=-1), "1 day ago"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(days=30), "in 30 days"),
        (timedelta(days=31), "15 Dec 2026"),
        (timedelta(days=-31), "14 Oct 2026"),
    ],
)
def test_relative(distance: timedelta, written: str) -> None:
    assert relative_text(NOW + distance, NOW, UTC) == written


def test_relative_days_are_days_of_the_calendar() -> None:
    late, early_after_next = datetime(2026, 11, 14, 23, 0, tzinfo=UTC), datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
    assert relative_text(late, early_after_next, UTC) == "2 days ago"


def test_moment_is_told_in_its_zone_and_kept_in_utc() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    moment = datetime(2026, 11, 14, 23, 5, tzinfo=UTC)
    assert moment_text(moment, tokyo) == "15 Nov 2026, 08:05 JST"
    assert machine_text(moment.astimezone(tokyo)) == "2026-11-14T23:05:00+00:00"
