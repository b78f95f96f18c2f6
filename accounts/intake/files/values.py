"""Reading one cell: text in, a value or a reason for people out. Empty cells never come here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import available_timezones

from accounts.records.rules import LARGEST_COUNT, LARGEST_MRR
from loyalty.core.money import cents

Reader = Callable[[str], Any]

ZONES = frozenset(available_timezones())
# A moment as PostgreSQL reads it where its time zone is UTC, as it is on our connections.
SAME_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d([.]\d{1,6})?Z?)?", re.ASCII)
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
TRUE = frozenset({"true", "t", "yes", "y", "1"})
FALSE = frozenset({"false", "f", "no", "n", "0"})


class Unreadable(ValueError):
    """The cell is not what its column should hold; the text says what it should."""


@dataclass(frozen=True)
class Text:
    """Text of at most `longest` characters."""

    longest: int

    def __call__(self, cell: str) -> str:
        if len(cell) > self.longest:
            raise Unreadable(f"is longer than {self.longest} characters")
        return cell


def text(longest: int) -> Text:
    """Text of at most `longest` characters."""
    return Text(longest)


def whole_number(cell: str) -> int:
    """A whole number, zero or more: 9, 9.0."""
    number = _number(cell)
    if number != number.to_integral_value() or number < 0:
        raise Unreadable("is not a whole number of zero or more")
    if number > LARGEST_COUNT:
        raise Unreadable(f"is more than {LARGEST_COUNT:,}, the largest number that is taken")
    return int(number)


def monthly_amount(cell: str) -> Decimal:
    """Money a month of zero or more, rounded to cents: 1234.5, 1,234.50, $1234.50."""
    number = _number(cell.removeprefix("$"))
    if number < 0:
        raise Unreadable("is not an amount of money of zero or more")
    if number > LARGEST_MRR:
        raise Unreadable(f"is more than {LARGEST_MRR:,}, the largest amount a month that is taken")
    return cents(number)


def score(lowest: int, highest: int) -> Reader:
    """A score within bounds, both included, to one decimal place."""

    def read(cell: str) -> Decimal:
        number = _number(cell)
        if not lowest <= number <= highest:
            raise Unreadable(f"is not a score from {lowest} to {highest}")
        return number.quantize(Decimal("0.1"))

    return read


def yes_or_no(cell: str) -> bool:
    """True or false in the usual spellings."""
    word = cell.lower()
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise Unreadable("is neither true nor false")


def day(cell: str) -> date:
    """A day as ISO 8601; a time of day behind it is left off."""
    try:
        return date.fromisoformat(cell) if len(cell) == 10 else moment(cell).date()
    except ValueError as error:
        raise Unreadable("is not a day such as 2026-11-14") from error


def moment(cell: str) -> datetime:
    """A moment as ISO 8601; without a zone it is UTC, without a time 00:00 UTC."""
    try:
        found = datetime.fromisoformat(cell)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable("is not a time such as 2026-11-14 09:30:00") from error


def word(meanings: Mapping[str, str]) -> Reader:
    """One of a closed set of words, in any case, with spaces or hyphens for underscores."""
    allowed = ", ".join(sorted(set(meanings.values())))

    def read(cell: str) -> str:
        try:
            return meanings[cell.lower().replace("-", "_").replace(" ", "_")]
        except KeyError:
            raise Unreadable(f"is none of: {allowed}") from None

    return read


def code(example: str) -> Reader:
    """A code of Latin letters, as many as the example has, in any case; capitals come out."""

    def read(cell: str) -> str:
        if not (cell.isascii() and cell.isalpha() and len(cell) == len(example)):
            raise Unreadable(f"is not a code of {len(example)} letters such as {example}")
        return cell.upper()

    return read


def time_zone(cell: str) -> str:
    """The IANA name of a time zone."""
    if cell not in ZONES:
        raise Unreadable("is not the name of a time zone such as Europe/Paris")
    return cell


def as_copied(value: Any, cell: str) -> str:
    """How a value is written for COPY; `cell` is what it was read from, which is cheaper where it will do."""
    if isinstance(value, datetime):
        return cell if SAME_MOMENT.fullmatch(cell) else str(value)
    return str(value)


def _number(cell: str) -> Decimal:
    plain = cell.replace(",", "") if THOUSANDS.fullmatch(cell) else cell
    try:
        number = Decimal(plain)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Unreadable("is not a number")
    return number
