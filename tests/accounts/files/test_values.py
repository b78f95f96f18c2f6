"""One cell: a value, or a reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts.intake.files import values
from accounts.intake.files.values import Unreadable


@pytest.mark.parametrize(
    ("read", "cell", "expected"),
    [
        (values.whole_number, "9", 9),
        (values.whole_number, "9.0", 9),
        (values.whole_number, "1,234", 1234),
        (values.monthly_amount, "1234.5", Decimal("1234.50")),
        (values.monthly_amount, "$1,234.505", Decimal("1234.51")),
        (values.monthly_amount, "0", Decimal("0.00")),
        (values.monthly_amount, "10,000,000,000", Decimal("10000000000.00")),
        (values.yes_or_no, "TRUE", True),
        (values.yes_or_no, "no", False),
        (values.day, "2024-02-29", date(2024, 2, 29)),
        (values.day, "2024-02-29 23:59:59", date(2024, 2, 29)),
        (values.moment, "2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        (values.moment, "2024-02-29T01:00:00+02:00", datetime(2024, 2, 28, 23, tzinfo=UTC)),
        (values.score(1, 5), "4.0", Decimal("4.0")),
        (values.word({"multi_year": "multi_year"}), "Multi-Year", "multi_year"),
        (values.text(3), "abc", "abc"),
        (values.time_zone, "Asia/Kathmandu", "Asia/Kathmandu"),
        (values.code("USD"), "eUr", "EUR"),
    ],
)
def test_what_can_be_read(read: Callable[[str], object], cell: str, expected: object) -> None:
    assert read(cell) == expected


@pytest.mark.parametrize(
    ("read", "cell"),
    [
        (values.whole_number, "-1"),
        (values.time_zone, "Middle-earth/Shire"),
        (values.whole_number, "1.5"),
        (values.whole_number, "2147483648"),
        (values.whole_number, "nine"),
        (values.monthly_amount, "-5"),
        (values.monthly_amount, "NaN"),
        (values.monthly_amount, "Infinity"),
        (values.monthly_amount, "1e400"),
        (values.monthly_amount, "10000000000.01"),
        (values.monthly_amount, "1,23"),
        (values.yes_or_no, "maybe"),
        (values.day, "29/02/2024"),
        (values.day, "2023-02-29"),
        (values.moment, "yesterday"),
        (values.moment, "9999-12-31T23:59:59-14:00"),
        (values.score(1, 5), "6"),
        (values.word({"monthly": "monthly"}), "weekly"),
        (values.text(3), "abcd"),
        (values.code("USD"), "$"),
        (values.code("USD"), "€ur"),
    ],
)
def test_what_cannot(read: Callable[[str], object], cell: str) -> None:
    with pytest.raises(Unreadable):
        read(cell)
