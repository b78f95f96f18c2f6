"""Whose day an event belongs to, and when a run is broken: a table for each thing that calendars do."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings

from accounts.facts.models import FactsDirty
from accounts.records.models import Account
from accounts.streaks.rules import Action, Pace, StreakKind
from accounts.usage.models import KeyAction
from tests.accounts.streaks.by_hand import Done
from tests.accounts.streaks.company import do, kept_runs, reaches, serve, standing
from tests.factories import AccountFactory, streak_factory

pytestmark = pytest.mark.django_db


def local(zone: str, *moments: str, name: str = "Report Exported") -> list[Done]:
    """Events at times of a clock in that zone."""
    return [Done(datetime.fromisoformat(m).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), name) for m in moments]


def runs_of(account: Account) -> list[tuple[date, int]]:
    return [(run.units[0], len(run.known_on)) for run in kept_runs(account)]


# Zone, times of its clock, and the runs of days that they are.
DAYS: Sequence[tuple[str, list[str], list[tuple[date, int]]]] = (
    ("Pacific/Niue", ["2026-03-02 00:00", "2026-03-02 23:59", "2026-03-03 00:00"], [(date(2026, 3, 2), 2)]),
    ("Pacific/Kiritimati", ["2026-03-02 00:00", "2026-03-03 23:59", "2026-03-04 12:00"], [(date(2026, 3, 2), 3)]),
    ("Asia/Kathmandu", ["2026-03-02 05:44", "2026-03-03 05:46"], [(date(2026, 3, 2), 2)]),
    # A missed day breaks, also when all of it lies within the use of two days in UTC.
    ("Pacific/Auckland", ["2026-03-02 23:30", "2026-03-04 00:30"], [(date(2026, 3, 2), 1), (date(2026, 3, 4), 1)]),
    # The clocks go forward over 02:00 on 29 March 2026, and the day has 23 hours; back on 25 October: 25 hours.
    ("Europe/Berlin", ["2026-03-28 23:59", "2026-03-29 03:00", "2026-03-30 00:00"], [(date(2026, 3, 28), 3)]),
    ("Europe/Berlin", ["2026-10-24 23:59", "2026-10-25 23:59", "2026-10-26 00:00"], [(date(2026, 10, 24), 3)]),
    ("America/New_York", ["2026-03-07 23:59", "2026-03-08 23:59", "2026-03-09 00:01"], [(date(2026, 3, 7), 3)]),
    # Midnight itself does not exist on the day when the clocks of Santiago go forward.
    ("America/Santiago", ["2026-09-05 23:59", "2026-09-06 01:00", "2026-09-07 00:00"], [(date(2026, 9, 5), 3)]),
    ("UTC", ["2028-02-28 12:00", "2028-02-29 12:00", "2028-03-01 12:00"], [(date(2028, 2, 28), 3)]),
    ("UTC", ["2026-02-28 12:00", "2026-03-01 12:00"], [(date(2026, 2, 28), 2)]),
    ("UTC", ["2026-12-31 23:59", "2027-01-01 00:00"], [(date(2026, 12, 31), 2)]),
    # Samoa crossed the date line: there was no 30 December 2011, so the run has a gap of a day that never was.
    ("Pacific/Apia", ["2011-12-29 12:00", "2011-12-31 12:00"], [(date(2011, 12, 29), 1), (date(2011, 12, 31), 1)]),
)


@pytest.mark.parametrize(("zone", "clock", "expected"), DAYS)
def test_days_are_those_of_the_account(zone: str, clock: list[str], expected: list[tuple[date, int]]) -> None:
    streak_factory()
    acme = AccountFactory(time_zone=zone)
    events = local(zone, *clock)
    do(acme, *events)
    serve(events[-1].at.date() + timedelta(days=1))
    assert runs_of(acme) == expected


# 6 March 2026 is a Friday.
WORKING: Sequence[tuple[list[str], list[tuple[date, int]]]] = (
    (["2026-03-05", "2026-03-06", "2026-03-09"], [(date(2026, 3, 5), 3)]),
    (["2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09"], [(date(2026, 3, 6), 2)]),
    (["2026-03-07", "2026-03-08"], []),
    (["2026-03-06", "2026-03-10"], [(date(2026, 3, 6), 1), (date(2026, 3, 10), 1)]),
    (["2026-12-24", "2026-12-28"], [(date(2026, 12, 24), 1), (date(2026, 12, 28), 1)]),  # a holiday is a working day
)


@pytest.mark.parametrize(("days", "expected"), WORKING)
def test_weekends_neither_count_nor_break_working_days(days: list[str], expected: list[tuple[date, int]]) -> None:
    streak_factory(pace=Pace.WORKING_DAY.value)
    acme = AccountFactory(time_zone="America/Los_Angeles")
    do(acme, *local("America/Los_Angeles", *(f"{day} 20:00" for day in days)))
    serve(date.fromisoformat(days[-1]) + timedelta(days=1))
    assert runs_of(acme) == expected


WEEKS: Sequence[tuple[list[str], list[tuple[date, int]]]] = (
    (["2026-03-08 23:59", "2026-03-09 00:00"], [(date(2026, 3, 2), 2)]),  # Sunday, and a minute later Monday
    (["2026-03-02 00:00", "2026-03-15 23:59"], [(date(2026, 3, 2), 2)]),
    (["2026-03-08 23:59", "2026-03-16 00:00"], [(date(2026, 3, 2), 1), (date(2026, 3, 16), 1)]),
    (["2026-12-28 12:00", "2027-01-03 12:00", "2027-01-04 12:00"], [(date(2026, 12, 28), 2)]),  # over the year's end
)


@pytest.mark.parametrize(("clock", "expected"), WEEKS)
@pytest.mark.parametrize("zone", ["Pacific/Niue", "Asia/Tokyo", "Pacific/Kiritimati"])
def test_weeks_go_from_monday_to_sunday_of_the_zone(
    zone: str, clock: list[str], expected: list[tuple[date, int]]
) -> None:
    streak_factory(action=Action.SIGN_IN.value, pace=Pace.WEEK.value)
    acme = AccountFactory(time_zone=zone)
    events = local(zone, *clock, name="Login")
    do(acme, *events)
    serve(events[-1].at.date() + timedelta(days=1))
    assert runs_of(acme) == expected


# Pace, zone, the last use on that zone's clock, the day (UTC) of the facts, and whether the run still stands on it.
OPEN = (
    (Pace.DAY, "UTC", "2026-03-04 10:00", date(2026, 3, 4), True),
    (Pace.DAY, "UTC", "2026-03-04 10:00", date(2026, 3, 5), True),  # that day is not over for the account
    (Pace.DAY, "UTC", "2026-03-04 10:00", date(2026, 3, 6), False),
    # When 5 March begins in UTC it is the morning of the 5th in Tokyo, the evening of the 4th in New York.
    (Pace.DAY, "Asia/Tokyo", "2026-03-04 10:00", date(2026, 3, 5), True),
    (Pace.DAY, "Asia/Tokyo", "2026-03-04 10:00", date(2026, 3, 6), False),
    (Pace.DAY, "America/New_York", "2026-03-04 10:00", date(2026, 3, 6), True),
    (Pace.DAY, "America/New_York", "2026-03-04 10:00", date(2026, 3, 7), False),
    (Pace.WORKING_DAY, "UTC", "2026-03-06 10:00", date(2026, 3, 9), True),  # from Friday over the weekend
    (Pace.WORKING_DAY, "UTC", "2026-03-06 10:00", date(2026, 3, 10), False),
    (Pace.WEEK, "UTC", "2026-03-02 10:00", date(2026, 3, 15), True),  # the Sunday of the week after
    (Pace.WEEK, "UTC", "2026-03-02 10:00", date(2026, 3, 16), False),
    (Pace.WEEK, "America/New_York", "2026-03-02 10:00", date(2026, 3, 16), True),
)


@pytest.mark.parametrize(("pace", "zone", "last", "day", "stands"), OPEN)
def test_what_is_still_going_on_breaks_nothing(pace: Pace, zone: str, last: str, day: date, stands: bool) -> None:
    streak = streak_factory(pace=pace.value)
    acme = AccountFactory(time_zone=zone)
    do(acme, *local(zone, last))
    serve(day)
    assert standing(acme, streak.key, day) == [1 if stands else 0, 1]


def test_a_track_needs_its_features_and_days_in_every_week() -> None:
    track = streak_factory(StreakKind.TRACK, length=2, features=2, active_days=2)
    acme = AccountFactory(time_zone="UTC", signed_up_on=None)
    do(acme, *local("UTC", "2026-03-02 09:00", "2026-03-02 10:00", name="Search"))
    do(acme, *local("UTC", "2026-03-03 09:00", name="Export"))
    serve(date(2026, 3, 3))
    assert standing(acme, track.key, date(2026, 3, 3)) == [1, 1]

    do(acme, *local("UTC", "2026-03-09 09:00", name="Search"), *local("UTC", "2026-03-09 10:00", name="Export"))
    serve(date(2026, 3, 9))
    assert standing(acme, track.key, date(2026, 3, 9)) == [1, 1], "two features, but on one day"
    do(acme, *local("UTC", "2026-03-11 09:00", name="Signed In"))
    serve(date(2026, 3, 11))
    assert standing(acme, track.key, date(2026, 3, 11)) == [2, 2], "a sign-in makes a day active, not a feature"
    (reach,) = reaches(acme)
    assert (reach.run_starts_on, reach.reached_on) == (date(2026, 3, 2), date(2026, 3, 11))
    assert reach.event is not None
    assert reach.event.name == "Signed In"
    serve_later = date(2026, 3, 22)
    FactsDirty.objects.create(account=acme, day=serve_later)
    serve(serve_later)
    assert standing(acme, track.key, serve_later) == [2, 2], "the week of the 16th is not complete"


@override_settings(COMPANY_TIME_ZONE="Asia/Tokyo")
def test_an_unknown_zone_is_the_companys_own() -> None:
    streak_factory()
    unknown, known = AccountFactory(time_zone=""), AccountFactory(time_zone="UTC")
    for account in (unknown, known):
        do(account, *local("UTC", "2026-03-02 14:59", "2026-03-02 15:00"))
    serve(date(2026, 3, 3))
    assert runs_of(unknown) == [(date(2026, 3, 2), 2)]
    assert runs_of(known) == [(date(2026, 3, 2), 1)]


def test_a_zone_that_the_database_does_not_know_is_unknown() -> None:
    acme = AccountFactory(time_zone="Moon/Tycho")
    acme.refresh_from_db()
    assert acme.time_zone == ""
    Account.objects.filter(pk=acme.pk).update(time_zone="Europe/Nowhere")
    acme.refresh_from_db()
    assert acme.time_zone == ""


def test_a_changed_zone_counts_all_days_anew_and_fires_nothing_twice() -> None:
    streak = streak_factory(length=2)
    acme = AccountFactory(time_zone="UTC")
    do(acme, *local("UTC", "2026-03-02 08:00", "2026-03-02 20:00", "2026-03-03 08:00"))
    serve(date(2026, 3, 4))
    (reach,) = reaches(acme)
    assert (reach.run_starts_on, reach.reached_on) == (date(2026, 3, 2), date(2026, 3, 3))

    Account.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    assert [mark.day for mark in FactsDirty.objects.filter(account=acme)] == [date(2026, 3, 2)]
    serve(date(2026, 3, 4))

    (again,) = reaches(acme)
    assert again.pk == reach.pk
    assert (again.run_starts_on, again.reached_on, again.fires) == (date(2026, 3, 2), date(2026, 3, 3), reach.fires)
    assert again.reached_at == local("UTC", "2026-03-02 20:00")[0].at, "which was 05:00 of the 3rd in Tokyo"
    assert standing(acme, streak.key, date(2026, 3, 2)) == [2, 2]

    Account.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    assert not FactsDirty.objects.exists(), "told again, it is no change"


def test_over_the_date_line_what_was_reached_stays_reached_once() -> None:
    streak_factory(length=3)
    acme = AccountFactory(time_zone="Pacific/Kiritimati")
    do(acme, *local("UTC", "2026-03-02 10:30", "2026-03-03 10:30", "2026-03-04 10:30"))
    serve(date(2026, 3, 5))
    (reach,) = reaches(acme)
    assert reach.reached_on == date(2026, 3, 5)

    Account.objects.filter(pk=acme.pk).update(time_zone="Pacific/Pago_Pago")
    serve(date(2026, 3, 5))
    (again,) = reaches(acme)
    assert (again.pk, again.run_starts_on, again.reached_on) == (reach.pk, date(2026, 3, 1), date(2026, 3, 3))


def test_key_actions_are_those_that_were_marked_when_they_happened() -> None:
    streak = streak_factory(action=Action.KEY_ACTION.value, pace=Pace.DAY.value)
    KeyAction.objects.create(event_name="Report Exported")
    acme = AccountFactory(time_zone="Europe/Berlin")
    do(acme, *local("Europe/Berlin", "2026-03-02 00:30"))
    KeyAction.objects.all().delete()
    do(acme, *local("Europe/Berlin", "2026-03-03 12:00"))
    serve(date(2026, 3, 3))
    assert runs_of(acme) == [(date(2026, 3, 2), 1)]
    assert standing(acme, streak.key, date(2026, 3, 3)) == [1, 1]


def test_an_account_that_never_did_anything_has_no_known_streak() -> None:
    streak = streak_factory()
    acme, beta = AccountFactory(), AccountFactory()
    FactsDirty.objects.create(account=acme, day=date(2026, 3, 2))
    do(beta, *local("UTC", "2026-03-02 12:00", name="Search"))
    serve(date(2026, 3, 2))
    assert standing(acme, streak.key, date(2026, 3, 2)) is None
    assert standing(beta, streak.key, date(2026, 3, 2)) == [0, 0]
