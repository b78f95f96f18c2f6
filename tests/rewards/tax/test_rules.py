"""Thresholds, forms and withholding: the published cases, and what Finance may enter."""

from decimal import Decimal

import pytest

from loyalty.core.errors import DomainError
from rewards.tax.rules import (
    SHIPPED,
    Recipient,
    Threshold,
    as_lines,
    clean_values,
    form_due,
    is_reached,
    must_wait,
    read_lines,
    threshold_of,
    thresholds_of,
    values_of,
    withholding_percent,
)

THRESHOLDS = thresholds_of(SHIPPED)
R = Recipient


def us(year: int) -> Threshold | None:
    return threshold_of("US", year, THRESHOLDS)


@pytest.mark.parametrize(
    ("year", "total", "form"),
    [(2025, "599.99", False), (2025, "600.00", True), (2026, "1999.99", False), (2026, "2000.00", True)],
)
def test_reached_means_reached_by_the_year_of_payment(year: int, total: str, form: bool) -> None:
    assert is_reached(Decimal(total), us(year)) is form


def test_a_year_stands_for_itself() -> None:
    """$700 on 31 Dec 2025 and $1,500 on 2 Jan 2026: a form for 2025, none for 2026."""
    assert form_due(R.INDIVIDUAL, "US", Decimal(700), us(2025)) == "1099-MISC box 3"
    assert form_due(R.INDIVIDUAL, "US", Decimal(1500), us(2026)) == ""


@pytest.mark.parametrize(
    ("recipient", "total", "form"),
    [
        (R.CORPORATION, 50000, ""),
        (R.INDIVIDUAL, 2100, "1099-MISC box 3"),
        (R.SERVICES, 2100, "1099-NEC box 1"),
        (R.EMPLOYEE, 2100, "W-2 payroll, never 1099"),
    ],
)
def test_who_is_reported_on_what(recipient: Recipient, total: int, form: str) -> None:
    assert form_due(recipient, "US", Decimal(total), us(2026)) == form


@pytest.mark.parametrize(
    ("recipient", "country", "has_number", "percent"),
    [
        (R.INDIVIDUAL, "US", False, 24),
        (R.INDIVIDUAL, "US", True, 0),
        (R.CORPORATION, "US", False, 0),
        (R.EMPLOYEE, "US", False, 0),
        (R.INDIVIDUAL, "DE", False, 0),
    ],
)
def test_what_is_held_back(recipient: Recipient, country: str, has_number: bool, percent: int) -> None:
    assert withholding_percent(recipient, country, has_tax_number=has_number) == percent


@pytest.mark.parametrize(
    ("recipient", "total", "has_form", "waits"),
    [
        (R.INDIVIDUAL, "1999.99", False, False),
        (R.INDIVIDUAL, "2000.00", False, True),
        (R.INDIVIDUAL, "2000.00", True, False),
        (R.SERVICES, "2000.00", False, True),
        (R.EMPLOYEE, "2000.00", False, False),
        (R.CORPORATION, "50000.00", False, False),
    ],
)
def test_who_waits_for_a_form(recipient: Recipient, total: str, has_form: bool, waits: bool) -> None:
    assert must_wait(recipient, Decimal(total), us(2026), has_form=has_form) is waits


def test_a_country_without_a_threshold_reports_nobody_and_an_earlier_year_has_none() -> None:
    assert threshold_of("DE", 2026, THRESHOLDS) is None
    assert threshold_of("US", 1999, THRESHOLDS) is None
    assert not must_wait(R.INDIVIDUAL, Decimal(10**6), None, has_form=False)


def test_an_indexed_figure_holds_from_its_year_on() -> None:
    told = [*THRESHOLDS, Threshold("US", 2027, Decimal(2100), "USD")]
    assert [threshold_of("US", year, told).amount for year in (2026, 2027, 2030)] == [2000, 2100, 2100]


def test_lines_are_read_as_they_are_written() -> None:
    assert read_lines(as_lines(THRESHOLDS)) == THRESHOLDS
    assert clean_values(SHIPPED) == SHIPPED == values_of(THRESHOLDS)
    assert read_lines("US 2027 2,100.00 USD\n\n") == [Threshold("US", 2027, Decimal("2100.00"), "USD")]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("US 2026", "Line 1"),
        ("US 2026 600 USD\nUS x 1 USD", "Line 2"),
        ("us 2026 600 USD", "no country"),
        ("US 26 600 USD", "no year"),
        ("US 2026 0 USD", "no amount"),
        ("US 2026 0.001 USD", "no amount"),
        ("US 2026 NaN USD", "no amount"),
        ("US 2026 600 dollars", "no currency"),
        ("US 2026 600 USD\nUS 2026 700 USD", "two thresholds"),
    ],
)
def test_what_is_no_threshold(lines: str, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        clean_values(values_of(read_lines(lines)))
