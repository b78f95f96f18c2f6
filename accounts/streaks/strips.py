"""The live streaks and tracks of one account as calendars, in the account's own days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils.safestring import SafeString

from accounts.milestones.rules import MilestoneStatus
from accounts.records.models import Account
from accounts.streaks.marks import cells, first_shown, unit_day
from accounts.streaks.models import Streak
from accounts.streaks.rules import Pace, units_in_words
from loyalty.core.charts.calendar import calendar
from loyalty.core.figures import day_text

# Runs that end in the shown weeks or later; a unit takes at most a week.
_RUNS = """
SELECT pattern_id, starts_on, width_bucket(%(day)s::date, known_on)
FROM accounts_streakrun
WHERE account_id = %(account)s AND pattern_id = ANY (%(patterns)s)
  AND starts_on <= %(today)s AND starts_on + cardinality(known_on) * 7 >= %(first)s
ORDER BY pattern_id, starts_on
"""


@dataclass(frozen=True)
class Strip:
    """One streak of the account: its calendar and the same as rows (day or week, what became of it), newest first.

    `now` and `best` are units in a row in words, as the facts of the day tell them; empty when they do not.
    """

    streak: Streak
    picture: SafeString
    heads: tuple[str, str]
    rows: list[tuple[str, str]]
    now: str
    best: str


def strips(account: Account, day: date, held: Mapping[str, list[int]], now: datetime) -> list[Strip]:
    """The live streaks by name, as was known at the end of `day` (UTC) or, on the present day, now.

    `held` is what the facts of the day tell: {key: [current, best]}. A run is shown as far as it was known then.
    """
    streaks = list(Streak.objects.filter(status=MilestoneStatus.LIVE.value).select_related("pattern"))
    if not streaks:
        return []
    moment = min(now, datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC) - timedelta(microseconds=1))
    today = moment.astimezone(ZoneInfo(account.time_zone or settings.COMPANY_TIME_ZONE)).date()
    paces = {streak.pattern_id: Pace(streak.pattern.pace) for streak in streaks}
    kept = _kept(account, day, today, paces)
    return [_strip(streak, kept[streak.pattern_id], today, account.signed_up_on, held) for streak in streaks]


def _kept(account: Account, day: date, today: date, paces: Mapping[int, Pace]) -> dict[int, list[date]]:
    """The days of the units that counted, by pattern."""
    kept: dict[int, list[date]] = {pattern: [] for pattern in paces}
    parameters: dict[str, Any] = {
        "account": account.pk,
        "patterns": list(paces),
        "day": day,
        "today": today,
        "first": first_shown(today),
    }
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, parameters)
        for pattern, starts_on, units in cursor.fetchall():
            kept[pattern] += [unit_day(starts_on, place, paces[pattern]) for place in range(units)]
    return kept


def _strip(
    streak: Streak, kept: list[date], today: date, signed_up_on: date | None, held: Mapping[str, list[int]]
) -> Strip:
    pace = Pace(streak.pattern.pace)
    by_week = pace is Pace.WEEK
    shown = cells(kept, pace, today, signed_up_on)
    current, best = held.get(streak.key) or (None, None)
    return Strip(
        streak=streak,
        picture=calendar(shown, f"{streak.name}, up to {day_text(today)}", by_week=by_week),
        heads=("Week from" if by_week else "Day", "What became of it"),
        rows=[(day_text(cell.day), cell.mark.value) for cell in reversed(shown)],
        now="" if current is None else units_in_words(current, pace),
        best="" if best is None else units_in_words(best, pace),
    )
