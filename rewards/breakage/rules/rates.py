"""What a breakage rate may be, and which one holds on a day."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text, percent_text

MOST_PERCENT = Decimal(95)
FIELD_LABELS: Mapping[str, str] = {"percent": "Breakage rate", "effective_on": "From"}


def clean_values(now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The whole set of values after an edit, as JSON; raises DomainError in words when they make no sense."""
    merged = {field: values.get(field, now.get(field)) for field in FIELD_LABELS}
    try:
        percent = None if merged["percent"] in (None, "") else Decimal(str(merged["percent"]))
        effective_on = date.fromisoformat(str(merged["effective_on"]))
    except InvalidOperation as wrong:
        raise DomainError(f"The rate is a per cent from 0 to {MOST_PERCENT}.") from wrong
    except ValueError as wrong:
        raise DomainError("Say from which day the rate holds.") from wrong
    if percent is not None and (not percent.is_finite() or not 0 <= percent <= MOST_PERCENT):
        raise DomainError(f"The rate is a per cent from 0 to {MOST_PERCENT}.")
    if percent is not None and percent != percent.quantize(Decimal("0.01")):
        raise DomainError("The rate has two decimals at most.")
    return {"percent": None if percent is None else f"{percent:.2f}", "effective_on": effective_on.isoformat()}


def field_in_words(field: str, value: Any) -> str:
    """One value, as the page of a change shows it."""
    if value in (None, ""):
        return "none assumed"
    return percent_text(Decimal(str(value)) / 100) if field == "percent" else day_text(date.fromisoformat(value))


def percent_on(day: date, versions: Iterable[tuple[int, date, Decimal | None]]) -> Decimal | None:
    """The percent in force on a day: of (version, effective on, percent) the latest version that has begun."""
    begun = [each for each in versions if each[1] <= day]
    return max(begun)[2] if begun else None


def rate_of(percent: Decimal | None) -> Decimal | None:
    """A percent as a share of 1."""
    return None if percent is None else percent / 100
