"""When a person's rewards have to be reported: thresholds by country and day of payment, and the forms. Pure.

Reached means reached: a form is due at the threshold, not above it. United
States: $600 until 2025, $2,000 from 2026 (P.L. 119-21, section 70433), indexed
from 2027 by a figure that Finance enters when it is published.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from loyalty.core.errors import DomainError
from loyalty.core.money import cents, money

SHIPPED: Mapping[str, Any] = {
    "thresholds": [
        {"country": "US", "from_year": 2000, "amount": "600.00", "currency": "USD"},
        {"country": "US", "from_year": 2026, "amount": "2000.00", "currency": "USD"},
    ]
}
# 26 U.S.C. 3406: of payments to a person who gave no tax number.
US_WITHHOLDING = Decimal(24)


class Recipient(StrEnum):
    """What a person is to the tax office, seen from us."""

    INDIVIDUAL = "individual"
    SERVICES = "services"
    EMPLOYEE = "employee"
    CORPORATION = "corporation"


RECIPIENT_LABELS: dict[Recipient, str] = {
    Recipient.INDIVIDUAL: "A person who gets prizes and gifts",
    Recipient.SERVICES: "A person who is paid for services",
    Recipient.EMPLOYEE: "Our own employee",
    Recipient.CORPORATION: "Their company, not they themselves",
}
RECIPIENT_CHOICES = [(r.value, label) for r, label in RECIPIENT_LABELS.items()]
# Of employees payroll reports, and companies are not reported.
_NOT_REPORTED = frozenset({Recipient.EMPLOYEE, Recipient.CORPORATION})
_US_FORMS = {Recipient.INDIVIDUAL: "1099-MISC box 3", Recipient.SERVICES: "1099-NEC box 1"}
PAYROLL = "W-2 payroll, never 1099"


@dataclass(frozen=True)
class Threshold:
    """From the first day of `from_year` on, a calendar year's total of `amount` in `currency` is reported."""

    country: str
    from_year: int
    amount: Decimal
    currency: str

    @property
    def in_words(self) -> str:
        return f"{self.country}: {money(self.amount, self.currency)} from {self.from_year} on"


def threshold_of(country: str, year: int, thresholds: Iterable[Threshold]) -> Threshold | None:
    """The threshold that holds for payments in a calendar year; None where the country has none (yet)."""
    known = [t for t in thresholds if t.country == country and t.from_year <= year]
    return max(known, key=lambda t: t.from_year, default=None)


def is_reached(total: Decimal, threshold: Threshold | None) -> bool:
    """Whether a calendar year's total is reported."""
    return threshold is not None and total >= threshold.amount


def form_due(recipient: Recipient, country: str, total: Decimal, threshold: Threshold | None) -> str:
    """The form that reports the total; "" when none does."""
    if recipient is Recipient.EMPLOYEE:
        return PAYROLL if country == "US" else "payroll"
    if recipient in _NOT_REPORTED or not is_reached(total, threshold):
        return ""
    return _US_FORMS[recipient] if country == "US" else "report of the year"


def withholding_percent(recipient: Recipient, country: str, *, has_tax_number: bool) -> Decimal:
    """What is held back of a payment to somebody who gave no tax number."""
    if country != "US" or has_tax_number or recipient in _NOT_REPORTED:
        return Decimal(0)
    return US_WITHHOLDING


def must_wait(recipient: Recipient, total: Decimal, threshold: Threshold | None, *, has_form: bool) -> bool:
    """Whether a payment that brings the year to `total` waits for the person's tax form."""
    return recipient not in _NOT_REPORTED and not has_form and is_reached(total, threshold)


def thresholds_of(values: Mapping[str, Any]) -> list[Threshold]:
    """The thresholds as they are kept, by country and year."""
    told = [
        Threshold(t["country"], int(t["from_year"]), Decimal(t["amount"]), t["currency"]) for t in values["thresholds"]
    ]
    return sorted(told, key=lambda t: (t.country, t.from_year))


def values_of(thresholds: Iterable[Threshold]) -> dict[str, Any]:
    """The same as JSON values."""
    return {
        "thresholds": [
            {"country": t.country, "from_year": t.from_year, "amount": f"{t.amount:.2f}", "currency": t.currency}
            for t in sorted(thresholds, key=lambda t: (t.country, t.from_year))
        ]
    }


def clean_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Complete, valid values. Raises DomainError in words."""
    try:
        found = thresholds_of(values)
    except (KeyError, TypeError, ValueError, InvalidOperation) as wrong:
        raise DomainError("A threshold names a country, a year, an amount and a currency.") from wrong
    for t in found:
        check_threshold(t)
    places = [(t.country, t.from_year) for t in found]
    if twice := next((place for place in places if places.count(place) > 1), None):
        raise DomainError(f"{twice[0]} has two thresholds from {twice[1]} on. Keep one.")
    return values_of(found)


def check_threshold(threshold: Threshold) -> None:
    """Raise DomainError for a country, year, amount or currency that is none."""
    if not (len(threshold.country) == 2 and threshold.country.isascii() and threshold.country.isupper()):
        raise DomainError(f"“{threshold.country}” is no country of two capital letters, such as US.")
    if not 2000 <= threshold.from_year <= 2100:
        raise DomainError(f"{threshold.from_year} is no year from 2000 to 2100.")
    if not (threshold.amount.is_finite() and threshold.amount == cents(threshold.amount) and threshold.amount > 0):
        raise DomainError(f"“{threshold.amount}” is no amount above zero in whole cents.")
    if not (len(threshold.currency) == 3 and threshold.currency.isascii() and threshold.currency.isupper()):
        raise DomainError(f"“{threshold.currency}” is no currency of three capital letters, such as USD.")


def read_lines(text: str) -> list[Threshold]:
    """Thresholds as a person writes them, one a line: US 2026 2000.00 USD. Raises DomainError naming the line."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts: Sequence[str] = line.split()
        if not parts:
            continue
        try:
            country, year, amount, currency = parts
            found.append(Threshold(country, int(year), Decimal(amount.replace(",", "")), currency))
        except (ValueError, InvalidOperation) as wrong:
            raise DomainError(f"Line {number}: write country, year, amount, currency: US 2026 2000.00 USD.") from wrong
    return found


def as_lines(thresholds: Iterable[Threshold]) -> str:
    """The same as text to edit."""
    return "\n".join(f"{t.country} {t.from_year} {t.amount:.2f} {t.currency}" for t in thresholds)
