"""Calendar periods as half-open ranges of days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from dateutil.relativedelta import relativedelta


@dataclass(frozen=True)
class Period:
    """[starts_on, ends_on): the last day belongs to the next period."""

    starts_on: date
    ends_on: date

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day < self.ends_on


FOREVER = Period(date(1970, 1, 1), date(9999, 1, 1))


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    start = day.replace(day=1)
    return Period(start, start + relativedelta(months=1))


def quarter_of(day: date) -> Period:
    """The calendar quarter of a day."""
    start = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return Period(start, start + relativedelta(months=3))


def year_of(day: date) -> Period:
    """The calendar year of a day."""
    return Period(date(day.year, 1, 1), date(day.year + 1, 1, 1))


def add_working_days(start: datetime, days: int, zone: tzinfo) -> datetime:
    """The same time of day `days` working days (Monday to Friday in `zone`) later."""
    moment = start.astimezone(zone)
    while days > 0:
        moment += timedelta(days=1)
        if moment.weekday() < 5:
            days -= 1
    return moment
