"""Which days were kept, missed, not counted or are still open; and the calendar on the account's page."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from accounts.streaks.marks import WEEKS, cells, first_shown, unit_day
from accounts.streaks.rules import Action, Pace, StreakKind
from accounts.streaks.strips import strips
from loyalty.core.charts.calendar import Cell, Mark, calendar
from loyalty.core.people.models import User
from tests.accounts.facts.company import moment
from tests.accounts.streaks.by_hand import Done
from tests.accounts.streaks.company import do, serve
from tests.factories import AccountFactory, streak_factory

SignIn = Callable[[User], Client]
THURSDAY = date(2026, 3, 12)
LETTERS = {Mark.KEPT: "k", Mark.MISSED: "m", Mark.NOT_COUNTED: "-", Mark.OPEN: "o"}


def days(*numbers: int) -> list[date]:
    """Days of March 2026."""
    return [date(2026, 3, n) for n in numbers]


# Pace, days kept, today, sign-up → the last two weeks from Monday 2 March on, day by day or week by week.
SHOWN = [
    ("today is open", Pace.DAY, days(10, 11), THURSDAY, None, "mmmmmmmmkko"),
    ("today is kept", Pace.DAY, days(12), THURSDAY, None, "mmmmmmmmmmk"),
    ("before sign-up nothing counts", Pace.DAY, days(6), THURSDAY, date(2026, 3, 5), "---mkmmmmmo"),
    ("weekends do not count", Pace.WORKING_DAY, days(6, 9), THURSDAY, None, "mmmmk--kmmo"),
    ("a weekend is not open", Pace.WORKING_DAY, days(13), date(2026, 3, 14), None, "mmmmm--mmmmk-"),
    ("this week is open", Pace.WEEK, days(2), THURSDAY, None, "ko"),
    ("a week is over on Monday", Pace.WEEK, [], date(2026, 3, 16), None, "mmo"),
    ("the week of sign-up counts", Pace.WEEK, [], THURSDAY, date(2026, 3, 8), "mo"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "pace", "kept", "today", "signed_up_on", "expected"), SHOWN)
def test_what_became_of_each_day(
    told: str, pace: Pace, kept: list[date], today: date, signed_up_on: date | None, expected: str
) -> None:
    shown = cells(kept, pace, today, signed_up_on)
    assert shown[0].day == first_shown(today)
    assert len({cell.day - timedelta(days=cell.day.weekday()) for cell in shown}) == WEEKS
    assert "".join(LETTERS[cell.mark] for cell in shown if cell.day >= date(2026, 3, 2)) == expected


UNITS = [
    (Pace.DAY, date(2026, 3, 6), 3, date(2026, 3, 9)),
    (Pace.WORKING_DAY, date(2026, 3, 6), 1, date(2026, 3, 9)),
    (Pace.WORKING_DAY, date(2026, 3, 5), 11, date(2026, 3, 20)),
    (Pace.WEEK, date(2026, 3, 2), 2, date(2026, 3, 16)),
]  # fmt: skip


@pytest.mark.parametrize(("pace", "starts_on", "place", "expected"), UNITS)
def test_the_day_of_a_unit(pace: Pace, starts_on: date, place: int, expected: date) -> None:
    assert unit_day(starts_on, place, pace) == expected


def test_the_picture_says_what_it_shows() -> None:
    drawn = calendar(cells(days(10, 11), Pace.WORKING_DAY, THURSDAY, None), "Reports")
    assert "From 22 Dec 2025, 81 days: 2 kept, 56 missed, 22 not counted, 1 still open." in drawn
    assert (drawn.count("cell-kept"), drawn.count("cell-out"), drawn.count("cell-open")) == (2, 22, 1)
    assert calendar([Cell(THURSDAY, Mark.KEPT)], "<b>", by_week=True).count("<b>") == 0
    assert calendar([], "Nothing") == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        # 23:30 UTC on the 11th is the 12th in Auckland, where it is the 13th already at noon UTC of the 12th.
        ("Pacific/Auckland", {"12 Mar 2026": "kept", "13 Mar 2026": "still open"}),
        ("UTC", {"11 Mar 2026": "kept", "12 Mar 2026": "still open"}),
        ("America/New_York", {"11 Mar 2026": "kept", "12 Mar 2026": "still open"}),
    ],
)
def test_days_are_those_of_the_account(zone: str, expected: dict[str, str]) -> None:
    account = AccountFactory(time_zone=zone)
    streak_factory(StreakKind.STREAK, action=Action.EVENT.value, event_name="Exported", pace="day", length=3)
    at = datetime(2026, 3, 11, 23, 30, tzinfo=ZoneInfo("UTC"))
    do(account, Done(at, "Exported"))
    serve(THURSDAY)
    now = datetime(2026, 3, 12, 12, 0, tzinfo=ZoneInfo("UTC"))
    (strip,) = strips(account, THURSDAY, {}, now)
    rows = dict(strip.rows)
    assert list(rows)[0] == list(expected)[-1]
    assert {day: word for day, word in rows.items() if word in ("kept", "still open")} == expected


@pytest.mark.django_db
def test_the_page_of_an_account_has_its_calendars(cs: User, signed_in_as: SignIn) -> None:
    account = AccountFactory(time_zone="UTC")
    streak = streak_factory(
        StreakKind.STREAK, name="Exports", key="exports", action="event", event_name="Exported", pace="day", length=3
    )
    streak_factory(StreakKind.STREAK, name="A draft", status="draft")
    for day in days(10, 11):
        do(account, Done(moment(day), "Exported"))
    serve(days(11)[0])
    with time_machine.travel(moment(days(12)[0]), tick=False):
        browser = signed_in_as(cs)
        page = browser.get(f"/accounts/{account.pk}/")
        before = browser.get(f"/accounts/{account.pk}/?day=2026-03-10")
    (strip,) = page.context["strips"]
    assert (strip.streak, strip.now, strip.best) == (streak, "2 days", "2 days")
    text = page.content.decode()
    assert "Now 2 days in a row, at best 2 days." in text
    assert '<th scope="row">11 Mar 2026</th><td class="num">kept</td>' in text
    # On a past day the run is what was known then.
    (then,) = before.context["strips"]
    assert dict(then.rows)["10 Mar 2026"] == "kept"
    assert "11 Mar 2026" not in dict(then.rows)
