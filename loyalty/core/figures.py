"""How figures, days and moments are written for people; money is in `money.py`."""

from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from loyalty.core.money import MINUS

UNKNOWN = "—"
NO_BREAK = "\N{NO-BREAK SPACE}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE, HOUR, DAY = 60, 3600, 86400
# A week reads better as days; past a month only the day itself tells anything.
RELATIVE_DAYS = 30

Number = Decimal | int | float | str


def number_text(value: Number) -> str:
    """Write a number with grouped thousands and a true minus: 1,234, −3, 2.5."""
    figure = Decimal(str(value))
    sign = MINUS if figure < 0 else ""
    return f"{sign}{abs(figure):,f}"


def percent_text(ratio: Number, places: int = 1) -> str:
    """Write a ratio as per cent, halves away from zero: 0.03 is 3.0 %."""
    scaled = (Decimal(str(ratio)) * 100).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{number_text(scaled + 0)}{NO_BREAK}%"


def signed(text: str) -> str:
    """Put a plus before what is written without a sign; zero stays bare."""
    if text.startswith(MINUS) or not any(digit in text for digit in "123456789"):
        return text
    return f"+{text}"


def day_text(day: date) -> str:
    """Write a day in full: 14 Nov 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def month_text(day: date) -> str:
    """Write the month of a day: Nov 2026."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def moment_text(moment: datetime, zone: tzinfo) -> str:
    """Write a moment in a time zone, to the minute: 14 Nov 2026, 09:05 UTC."""
    local = moment.astimezone(zone)
    return f"{day_text(local)}, {local:%H:%M} {local.tzname()}"


def relative_text(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Say how far a moment lies from now; beyond 30 days, its day in the time zone."""
    seconds = int((moment - now).total_seconds())
    distance = abs(seconds)
    if distance < MINUTE:
        return "just now"
    if distance < HOUR:
        return _placed(f"{distance // MINUTE} min", seconds)
    if distance < DAY:
        return _placed(f"{distance // HOUR} h", seconds)
    days = abs((moment.astimezone(zone).date() - now.astimezone(zone).date()).days)
    if days <= RELATIVE_DAYS:
        return _placed("1 day" if days == 1 else f"{days} days", seconds)
    return day_text(moment.astimezone(zone))


def machine_text(moment: datetime) -> str:
    """Write a moment for the `datetime` attribute: ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _placed(distance: str, seconds: int) -> str:
    return f"in {distance}" if seconds > 0 else f"{distance} ago"
