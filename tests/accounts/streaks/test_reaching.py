"""Who reaches a streak, when, and what fires: once a run, whatever comes late."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.records.models import Account
from accounts.streaks.models import Streak, StreakReach, StreakVersion
from accounts.streaks.verbs import detect, values_of, write_version
from accounts.usage.models import Event
from tests.accounts.streaks.by_hand import Done
from tests.accounts.streaks.company import do, noon, reaches, serve
from tests.factories import AccountFactory, streak_factory

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_at_nine")]


@pytest.fixture
def _at_nine():  # type: ignore[no-untyped-def]
    with time_machine.travel(NOW, tick=False):
        yield


def on(*days: int) -> list[Done]:
    return [Done(noon(date(2026, 3, day))) for day in days]


def told(account: Account) -> list[tuple[int, int, bool]]:
    """First day of the run, day of the reach, whether it fires."""
    return [(r.run_starts_on.day, r.reached_on.day, r.fires) for r in reaches(account)]


def test_the_nth_day_in_a_row_makes_the_reach() -> None:
    streak = streak_factory(length=3)
    acme = AccountFactory()
    do(acme, *on(15, 16, 17, 18))
    serve(TODAY)
    (reach,) = reaches(acme)
    assert (reach.streak, reach.version, reach.length, reach.fires) == (streak, 1, 3, True)
    assert (reach.run_starts_on, reach.reached_on) == (date(2026, 3, 15), date(2026, 3, 17))
    assert reach.event == Event.objects.get(occurred_at=noon(date(2026, 3, 17)))


def test_each_run_is_reached_once() -> None:
    streak_factory(length=2)
    acme = AccountFactory()
    do(acme, *on(13, 14, 15, 17, 18))
    serve(TODAY)
    assert told(acme) == [(13, 14, True), (17, 18, True)]
    assert detect(None) == 0


def test_a_late_event_that_lengthens_a_run_moves_the_reach_and_fires_nothing_anew() -> None:
    streak_factory(length=2)
    acme = AccountFactory()
    do(acme, *on(16, 17))
    serve(TODAY)
    (first,) = reaches(acme)
    do(acme, *on(15))
    serve(TODAY)
    (reach,) = reaches(acme)
    assert reach.pk == first.pk
    assert told(acme) == [(15, 16, True)]
    assert StreakReach.objects.count() == 1


def test_a_late_event_that_joins_two_runs_leaves_one_reach() -> None:
    streak_factory(length=2)
    acme = AccountFactory()
    do(acme, *on(13, 14, 16, 17))
    serve(TODAY)
    first, second = reaches(acme)
    do(acme, *on(15))
    serve(TODAY)
    assert told(acme) == [(13, 14, True)]
    assert reaches(acme) == [first]
    second.refresh_from_db()
    assert (second.joined, second.fires, second.reached_on) == (True, False, date(2026, 3, 17))


def test_a_late_event_that_joins_two_short_runs_makes_the_reach() -> None:
    streak_factory(length=4)
    acme = AccountFactory()
    do(acme, *on(14, 15, 17, 18))
    serve(TODAY)
    assert told(acme) == []
    do(acme, *on(16))
    serve(TODAY)
    assert told(acme) == [(14, 17, True)]


def test_an_earlier_event_of_the_same_day_moves_the_moment_only() -> None:
    streak_factory(length=2)
    acme = AccountFactory()
    do(acme, *on(16, 17))
    serve(TODAY)
    at_nine = datetime(2026, 3, 17, 9, tzinfo=UTC)
    do(acme, Done(at_nine))
    serve(TODAY)
    (reach,) = reaches(acme)
    assert (reach.reached_at, reach.fires) == (at_nine, True)
    assert told(acme) == [(16, 17, True)]


def test_the_database_keeps_one_reach_a_run() -> None:
    streak_factory(length=2)
    acme = AccountFactory()
    do(acme, *on(16, 17))
    serve(TODAY)
    (reach,) = reaches(acme)
    reach.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        reach.save(force_insert=True)


# The days of the run, how long the streak has been live, and whether the reach fires.
FIRES = (
    ((16, 17, 18), timedelta(days=30), True),
    ((11, 12, 13), timedelta(days=30), True),  # noon of the 13th is 6 days and 21 hours ago
    ((10, 11, 12), timedelta(days=30), False),
    ((16, 17, 18), timedelta(days=1), False),  # it was reached before the streak went live
)


@pytest.mark.parametrize(("days", "live_for", "fires"), FIRES)
def test_what_fires(days: tuple[int, ...], live_for: timedelta, fires: bool) -> None:
    streak_factory(length=3, effective_at=NOW - live_for)
    acme = AccountFactory()
    do(acme, *on(*days))
    serve(TODAY)
    assert told(acme) == [(days[0], days[2], fires)]


# Sign-up day, days of use; the streak asks for 2 in a row within 5 days of sign-up.
WINDOW = (
    (10, (10, 11), [(10, 11)]),
    (10, (14, 15), [(14, 15)]),  # the fifth day counts in full
    (10, (15, 16), []),
    (10, (9, 10), []),  # what was before sign-up does not count …
    (10, (9, 10, 11), [(9, 11)]),  # … but does not break either
    (None, (10, 11), []),
)


@pytest.mark.parametrize(("signed_up", "days", "expected"), WINDOW)
def test_the_window_from_sign_up(signed_up: int | None, days: tuple[int, ...], expected: list[tuple[int, int]]) -> None:
    streak_factory(length=2, within_days=5)
    acme = AccountFactory(signed_up_on=date(2026, 3, signed_up) if signed_up else None)
    do(acme, *on(*days))
    serve(TODAY)
    assert [(start, day) for start, day, _ in told(acme)] == expected


def test_once_raw_events_are_forgotten_the_daily_tables_tell_the_day() -> None:
    streak_factory(length=2)
    acme = AccountFactory(time_zone="Asia/Tokyo")
    do(acme, Done(datetime(2026, 3, 16, 20, tzinfo=UTC)), Done(datetime(2026, 3, 17, 20, tzinfo=UTC)))
    Event.objects.all().delete()
    serve(TODAY)
    (reach,) = reaches(acme)
    assert (reach.run_starts_on, reach.reached_on, reach.event) == (date(2026, 3, 17), date(2026, 3, 18), None)
    assert reach.reached_at == datetime(2026, 3, 17, 15, tzinfo=UTC), "midnight in Tokyo"


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_only_what_is_live_is_reached(status: str) -> None:
    streak_factory(length=2, status=status)
    acme = AccountFactory()
    do(acme, *on(16, 17))
    serve(TODAY)
    assert told(acme) == []


def _write(streak: Streak, **news: object) -> None:
    write_version(streak.pk, values_of(streak) | news, None, "Because")
    streak.refresh_from_db()


def test_new_terms_fire_only_for_what_comes_after_them() -> None:
    streak = streak_factory(length=4)
    acme, beta = AccountFactory(), AccountFactory()
    do(acme, *on(16, 17, 18))
    serve(TODAY)
    _write(streak, length=3)
    assert told(acme) == [(16, 18, False)]
    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        do(beta, *on(20, 21, 22))
        serve(TODAY + timedelta(days=3))
    assert told(beta) == [(20, 22, True)]
    assert StreakReach.objects.get(account=beta).version == 2


def test_under_another_name_a_late_event_still_moves_the_reach() -> None:
    streak = streak_factory(length=3)
    acme = AccountFactory()
    do(acme, *on(16, 17, 18))
    serve(TODAY)
    _write(streak, name="Another name")
    do(acme, *on(15))
    serve(TODAY)
    assert told(acme) == [(15, 17, True)]
    _write(streak, length=4)
    do(acme, *on(14))
    serve(TODAY)
    assert told(acme) == [(15, 17, True)], "by other terms it is another reach"


def test_what_was_reached_under_earlier_terms_is_not_reached_again_in_the_same_run() -> None:
    streak = streak_factory(length=2)
    acme = AccountFactory()
    do(acme, *on(18, 19))
    serve(TODAY)
    _write(streak, length=3)
    do(acme, *on(20))
    serve(TODAY)
    assert told(acme) == [(18, 19, True)]


def test_a_new_pattern_is_counted_over_the_days_that_were_there_before_it() -> None:
    streak = streak_factory(length=2, event_name="Search")
    acme = AccountFactory()
    do(acme, *on(10, 11, 16, 17))
    serve(TODAY)
    assert told(acme) == []
    _write(streak, event_name="Report Exported")
    serve(TODAY)
    assert told(acme) == [(10, 11, False), (16, 17, False)]
    assert StreakVersion.objects.filter(streak=streak).count() == 2
