"""How credits run off: worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from rewards.ledger.run_off import Billed, Step, billed, by_month, run_off

TODAY, END = date(2026, 11, 22), date(2027, 11, 1)


def usd(amount: float) -> Decimal:
    return Decimal(str(amount))


@pytest.mark.parametrize(
    ("lots", "bills", "steps", "left"),
    [
        # What expires first is used first; a lot is used on its last day still; the rest of an invoice is paid.
        (
            [(date(2027, 3, 1), 100), (date(2027, 1, 5), 30)],
            [(date(2027, 1, 5), 80), (date(2027, 2, 5), 200)],
            [(date(2027, 1, 5), 80, 80), (date(2027, 2, 5), 50, 200)],
            0,
        ),
        # Nothing to use it on: it lapses the day after its last.
        ([(date(2027, 1, 31), 40)], [], [(date(2027, 2, 1), 40, None)], 0),
        # It lapses before the invoice comes, and only the other one lowers it.
        (
            [(date(2027, 1, 4), 10), (date(2027, 6, 1), 10)],
            [(date(2027, 1, 5), 80)],
            [(date(2027, 1, 5), 10, None), (date(2027, 1, 5), 10, 80)],
            0,
        ),
        # Its day has passed and the night has not come yet; another outlives the year.
        ([(date(2026, 11, 21), 5), (date(2027, 10, 31), 7)], [], [(TODAY, 5, None)], 7),
    ],
)
def test_what_becomes_of_credits(
    lots: list[tuple[date, int]], bills: list[tuple[date, int]], steps: list[tuple[date, int, int | None]], left: int
) -> None:
    found = run_off([(d, usd(a)) for d, a in lots], [(d, usd(a)) for d, a in bills], TODAY, END)
    assert found == ([Step(d, usd(a), None if i is None else usd(i)) for d, a, i in steps], usd(left))


@pytest.mark.parametrize(
    ("frequency", "contract", "expected"),
    [
        ("monthly", None, Billed(date(2026, 1, 31), 1, Decimal("99.99"))),
        ("annual", 12, Billed(date(2026, 1, 31), 12, Decimal("1199.88"))),
        ("multi_year", 36, Billed(date(2026, 1, 31), 36, Decimal("3599.64"))),
        ("multi_year", None, None),
        ("", 12, None),
    ],
)
def test_how_a_subscription_is_billed(frequency: str, contract: int | None, expected: Billed | None) -> None:
    assert billed(frequency, Decimal("99.99"), date(2026, 1, 31), contract, None) == expected


def test_bills_fall_on_the_day_of_the_anchor_and_stop_at_the_end() -> None:
    monthly = Billed(date(2025, 12, 31), 1, usd(10), ends_on=date(2027, 3, 31))
    assert list(monthly.bills(date(2027, 1, 1), END)) == [date(2027, 1, 31), date(2027, 2, 28)]
    renewing = Billed(date(2029, 1, 15), 24, usd(10))
    assert list(renewing.bills(TODAY, END)) == [date(2027, 1, 15)]


def test_the_months_chain_to_what_is_left() -> None:
    lots, bills = [(date(2027, 1, 5), usd(30)), (date(2027, 3, 1), usd(100))], [(date(2027, 1, 5), usd(80))]
    steps, left = run_off(lots, bills, TODAY, date(2027, 4, 1))
    months = by_month([date(2027, month, 1) for month in (1, 2, 3)], usd(130), steps)
    assert [(m.opening, m.used, m.lapsed, m.closing) for m in months] == [
        (130, 80, 0, 50),
        (50, 0, 0, 50),
        (50, 0, 50, left),
    ]
