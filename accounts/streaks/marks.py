"""Which days or weeks of an account were kept, missed, not counted, or are still open: plain data, its own days.

A unit is missed once it is over and did not count; that of today is open until then.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from accounts.streaks.rules import Pace
from loyalty.core.charts.calendar import Cell, Mark

WEEKS = 12
WEEK = timedelta(days=7)
SATURDAY = 5


def first_shown(today: date) -> date:
    """The Monday with which the picture begins."""
    return today - timedelta(days=today.weekday()) - (WEEKS - 1) * WEEK


def unit_day(starts_on: date, place: int, pace: Pace) -> date:
    """The day of a unit of a run, by its place from 0 on; of a week, its Monday."""
    if pace is Pace.DAY:
        return starts_on + timedelta(days=place)
    if pace is Pace.WEEK:
        return starts_on + place * WEEK
    weeks, days = divmod(starts_on.weekday() + place, SATURDAY)
    return starts_on - timedelta(days=starts_on.weekday()) + weeks * WEEK + timedelta(days=days)


def cells(kept: Iterable[date], pace: Pace, today: date, signed_up_on: date | None) -> list[Cell]:
    """The last WEEKS weeks up to today, the oldest first; `kept` are the days of units that counted.

    What lies before sign-up is not counted, nor is a weekend at the pace of working days.
    """
    known, first = set(kept), first_shown(today)
    step = WEEK if pace is Pace.WEEK else timedelta(days=1)
    days = [first + n * step for n in range((today - first) // step + 1)]
    return [Cell(day, _mark(day, day + step, day in known, pace, today, signed_up_on)) for day in days]


def _mark(day: date, ends: date, is_kept: bool, pace: Pace, today: date, signed_up_on: date | None) -> Mark:
    if is_kept:
        return Mark.KEPT
    if pace is Pace.WORKING_DAY and day.weekday() >= SATURDAY:
        return Mark.NOT_COUNTED
    if signed_up_on is not None and ends <= signed_up_on:
        return Mark.NOT_COUNTED
    return Mark.OPEN if ends > today else Mark.MISSED
