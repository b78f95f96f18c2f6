"""CSV out: harmless as text, and numbers stay numbers."""

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from loyalty.core.audit.models import AuditLine
from loyalty.core.csv import BYTE_ORDER_MARK, cell, csv_response, lines
from loyalty.core.people.models import User


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\0", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_begins_like_a_formula_gets_an_apostrophe(start: str) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("text", ["Acme", "a=b", "'quoted", "", "−5", "שלום"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize("value", [-3, 0, 12, Decimal("-40.00"), Decimal("0.10"), -1.5])
def test_numbers_stay_numbers(value: int | float | Decimal) -> None:
    assert next(csv.reader(list(lines([], [[value]]))[1:])) == [str(value)]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (date(2026, 11, 14), "2026-11-14"),
        (datetime(2026, 11, 14, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2026-11-13T23:00:00+00:00"),
        (datetime(2026, 11, 14, 9, 5, 7, 12, tzinfo=UTC), "2026-11-14T09:05:07+00:00"),
    ],
)
def test_how_values_are_written(value: object, written: str) -> None:
    assert cell(value) == written


def test_quotes_commas_and_line_breaks_come_back_equal() -> None:
    row = ['a "b", c', "two\nlines", "x\r\ny"]
    text = "".join(lines(["one", "two", "three"], [row])).removeprefix(BYTE_ORDER_MARK)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["one", "two", "three"], row]


def test_rows_are_taken_as_they_are_sent() -> None:
    taken = []

    def rows() -> object:
        for n in range(3):
            taken.append(n)
            yield [n]

    stream = lines(["n"], rows())  # type: ignore[arg-type]
    next(stream)
    next(stream)
    assert taken == [0]


def test_an_export_is_audited(finance: User) -> None:
    response = csv_response("accounts", ["name"], [["=Acme"]], acting_user=finance)
    assert b"".join(response) == "\ufeffname\r\n'=Acme\r\n".encode()
    assert response["Content-Disposition"] == 'attachment; filename="accounts.csv"'
    line = AuditLine.objects.get()
    assert (line.actor, line.verb, line.object_label) == (finance, "exported", "accounts.csv")
