"""The made-up use of the product: the same however it is cut, shaped by weeks, contracts and time zones."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from loyalty.demo.activity import Activity, Events
from loyalty.demo.company import company
from loyalty.demo.moods import Mood
from loyalty.demo.tally import DAY_SECONDS, NEVER, tally
from loyalty.demo.vocabulary import CUSTOM_REPORT, INDEX, NAMES, SIGNED_IN

ANCHOR = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
WEEKS = timedelta(days=28)


@pytest.fixture(scope="module")
def activity() -> Activity:
    return Activity(company(80, ANCHOR), ANCHOR)


@pytest.fixture(scope="module")
def events(activity: Activity) -> Events:
    return activity.span(NOW - WEEKS, NOW)


def rows(events: Events) -> list[tuple[int, ...]]:
    return list(
        zip(*(getattr(events, c).tolist() for c in ("account", "person", "kind", "at", "seconds")), strict=True)
    )


def test_two_halves_are_one_whole(activity: Activity, events: Events) -> None:
    middle = NOW - timedelta(days=11, hours=7)
    halves = rows(activity.span(NOW - WEEKS, middle)) + rows(activity.span(middle, NOW))
    assert sorted(halves) == sorted(rows(events))


def test_the_same_span_is_drawn_the_same_again(events: Events) -> None:
    again = Activity(company(80, ANCHOR), ANCHOR)
    assert rows(again.span(NOW - WEEKS, NOW)) == rows(events)


def test_a_span_is_open_at_its_beginning_and_closed_at_its_end(activity: Activity, events: Events) -> None:
    edge = datetime.fromtimestamp(int(events.at[len(events) // 2]), UTC)
    assert edge.timestamp() in activity.span(NOW - WEEKS, edge).at
    assert edge.timestamp() not in activity.span(edge, NOW).at


def test_nothing_happens_after_the_present(events: Events) -> None:
    assert events.at.max() <= NOW.timestamp()
    assert (np.diff(events.at) >= 0).all()


def test_a_person_an_event_and_a_second_name_one_event(events: Events) -> None:
    assert len({(p, k, t) for _, p, k, t, _ in rows(events)}) == len(events)


def test_weekends_are_quiet(events: Events) -> None:
    weekday = (events.at // DAY_SECONDS + 3) % 7  # the epoch began on a Thursday
    by_day = np.bincount(weekday, minlength=7) / 4
    assert by_day[5:].mean() < 0.25 * by_day[:5].mean()


def test_people_work_in_the_day_of_their_own_time_zone(activity: Activity, events: Events) -> None:
    hours = {}
    for zone in ("America/Los_Angeles", "Europe/London"):
        here = [n for n, z in enumerate(activity.accounts.zones) if z == zone]
        hours[zone] = np.median(events.at[np.isin(events.account, here)] % DAY_SECONDS / 3600)
    assert 5 < hours["America/Los_Angeles"] - hours["Europe/London"] < 11


def test_only_people_who_have_joined_and_accounts_that_have_not_left_are_active(activity: Activity) -> None:
    year = activity.span(activity.begins_at, NOW)
    day = year.at / DAY_SECONDS - (ANCHOR - date(1970, 1, 1)).days
    assert (day >= activity.people.joined[year.person] - 0.6).all()
    assert (day <= activity.accounts.gone[year.account] + 0.6).all()
    reports = year.where(year.kind == INDEX[CUSTOM_REPORT])
    days = reports.at / DAY_SECONDS - (ANCHOR - date(1970, 1, 1)).days
    assert (days >= activity.accounts.first_report[reports.account] - 0.6).all()


def test_use_fades_before_customers_leave_and_sleeps_when_dormant(activity: Activity) -> None:
    chance = activity.accounts
    leavers = [n for n, c in enumerate(activity.customers) if c.contract.churned_on and 0 < chance.gone[n] < 400]
    dormant = [n for n, c in enumerate(activity.customers) if c.mood is Mood.DORMANT]
    assert leavers
    assert dormant
    for n in leavers:
        last = int(chance.gone[n]) - 3
        if chance.fades_from[n] > chance.signed_up[n] + 60:
            assert chance.strength(last)[n] < 0.4 * chance.strength(int(chance.fades_from[n]) - 7)[n]
    assert all(chance.strength(0)[n] < 0.15 for n in dormant)


def test_sums_are_those_of_a_recount_by_hand(events: Events) -> None:
    is_key = np.array([name in ("Report Generated", "API Call") for name in NAMES])
    sums = tally(events, is_key)
    daily: dict[tuple[int, int], list[int]] = {}
    named: dict[tuple[int, int, int], list[int]] = {}
    people: dict[tuple[int, int, int], list[int]] = {}
    for account, person, kind, at, seconds in rows(events):
        day = at // DAY_SECONDS
        for total in (
            daily.setdefault((account, day), [0, 0, 0, 0, NEVER, NEVER]),
            people.setdefault((account, day, person), [0, 0]),
        ):
            total[0] += 1
            total[1] += int(is_key[kind])
        daily[account, day][2] += kind == INDEX[SIGNED_IN]
        daily[account, day][3] += seconds
        if is_key[kind]:
            known = daily[account, day]
            known[4:] = [at if known[4] == NEVER else min(known[4], at), max(known[5], at)]
        moments = named.setdefault((account, day, kind), [0, at, at])
        moments[0], moments[1], moments[2] = moments[0] + 1, min(moments[1], at), max(moments[2], at)
    assert _by_key(sums.daily, 2) == {key: tuple(value) for key, value in daily.items()}
    assert _by_key(sums.event_days, 3) == {key: tuple(value) for key, value in named.items()}
    assert _by_key(sums.contact_days, 3) == {key: tuple(value) for key, value in people.items()}


def _by_key(columns: tuple[np.ndarray, ...], size: int) -> dict[tuple[int, ...], tuple[int, ...]]:
    return {row[:size]: row[size:] for row in zip(*(c.tolist() for c in columns), strict=True)}
