"""What a rate may be, and translating by the rates of their days. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text
from loyalty.core.money import POINTS, cents, money

LARGEST = Decimal("1000000")
STEP = Decimal("0.00000001")
FIELD_LABELS: Mapping[str, str] = {"per_unit": "One point is worth", "effective_on": "From"}


@dataclass(frozen=True)
class Rate:
    """One `unit` is worth `per_unit` of the reporting currency from `effective_on` on."""

    unit: str
    effective_on: date
    per_unit: Decimal
    source: str


def unit_of(text: str, reporting: str) -> str:
    """The code of a unit, in capitals. Raises DomainError for what is none, and for the reporting currency."""
    unit = text.strip().upper()
    if len(unit) != 3 or not (unit.isascii() and unit.isalpha()):
        raise DomainError(f"“{text.strip()[:20]}” is no currency: write its three letters, such as EUR.")
    if unit == reporting:
        raise DomainError(f"{reporting} is the reporting currency; it needs no rate.")
    return unit


def per_unit_of(text: Any) -> Decimal:
    """A rate as it was written. Raises DomainError unless it is above zero, with eight decimals at most."""
    try:
        rate = Decimal(str(text).strip())
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite() or not 0 < rate <= LARGEST or rate != rate.quantize(STEP):
        raise DomainError(f"“{str(text).strip()[:20]}” is no rate: a number above 0, with eight decimals at most.")
    return rate


def day_of(text: Any) -> date:
    """A day as it was written, ISO 8601. Raises DomainError."""
    try:
        return date.fromisoformat(str(text).strip())
    except ValueError as wrong:
        raise DomainError(f"“{str(text).strip()[:20]}” is no day: write it as 2026-11-14.") from wrong


def clean_points(values: Mapping[str, Any], now: Mapping[str, Any], today: date) -> dict[str, Any]:
    """A new rate of points, complete and valid, as JSON. Raises DomainError: what is past is not valued anew."""
    merged = {field: values.get(field, now.get(field)) for field in FIELD_LABELS}
    rate, effective_on = per_unit_of(merged["per_unit"]), day_of(merged["effective_on"])
    if effective_on < today:
        raise DomainError(f"A rate of points holds from today ({day_text(today)}) or a later day on.")
    return {"per_unit": f"{rate.normalize():f}", "effective_on": effective_on.isoformat()}


def field_in_words(field: str, value: Any, reporting: str) -> str:
    """One value of a rate of points, for people."""
    if value in (None, ""):
        return "no rate yet"
    return f"{value} {reporting}" if field == "per_unit" else day_text(date.fromisoformat(str(value)))


def unknown(unit: str, day: date) -> DomainError:
    """That no rate is known, and what to do; nothing is ever translated by a guess."""
    called = "points" if unit == POINTS else unit
    return DomainError(
        f"No rate of {called} is known for {day_text(day)}. Finance keeps the rates on /liability/rates/."
    )


class Rates:
    """The rates of one unit, to translate by; of the reporting currency itself the rate is always 1."""

    def __init__(self, unit: str, reporting: str, rates: Iterable[tuple[date, Decimal]]) -> None:
        self.unit, self.reporting = unit, reporting
        dated = sorted(rates)
        self._days, self._rates = [day for day, _ in dated], [rate for _, rate in dated]

    def on(self, day: date) -> Decimal:
        """The rate of a day: the last that began. Raises DomainError when none has."""
        if self.unit == self.reporting:
            return Decimal(1)
        begun = bisect_right(self._days, day)
        if not begun:
            raise unknown(self.unit, day)
        return self._rates[begun - 1]

    def translated(self, amount: Decimal, day: date) -> Decimal:
        """An amount of the unit in the reporting currency at the rate of a day, in cents. Nothing is always nothing."""
        return cents(amount * self.on(day)) if amount else Decimal("0.00")

    def in_words(self, day: date) -> str:
        """The rate of a day for people: 1 EUR = 1.08 USD."""
        return f"{money(1, self.unit)} = {self.on(day).normalize():f} {self.reporting}"
