"""Late, doubled, out of order, in any portions, in any zone: the same events make the same runs, reaches and facts."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import AccountFacts
from accounts.streaks.models import Streak, StreakReach, StreakRun
from accounts.streaks.rules import StreakKind
from accounts.usage.models import KeyAction
from tests.accounts.facts.company import mark
from tests.accounts.streaks.by_hand import Done, reaches_by_hand, runs_by_hand, standing_by_hand
from tests.accounts.streaks.company import do, serve
from tests.factories import AccountFactory, streak_factory

# The clocks go forward on 29 March in Europe, on 8 March in America, and back on 5 April in Australia.
FIRST = datetime(2026, 3, 2, tzinfo=UTC)
LAST = date(2026, 4, 12)
ZONES = ("Pacific/Pago_Pago", "America/New_York", "UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe")
ZONES = (*ZONES, "Pacific/Kiritimati", "")
KEYS = ("Report Exported", "Export Created")
NAMES = ("Report Exported", "Export Created", "Signed In", "Search")

# Mostly dense, so that there are runs to lengthen, to join and to break.
done = st.builds(
    lambda day, minute, name: Done(FIRST + timedelta(days=day, minutes=minute), name),
    st.integers(0, 40),
    st.sampled_from((0, 29, 345, 600, 601, 839, 840, 1109, 1439)),
    st.sampled_from((*NAMES, "Report Exported")),
)


class AnyOrder(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(st.sets(done, min_size=5, max_size=60), st.sampled_from(ZONES), st.integers(-5, 20), st.data())
    def test_what_is_kept_is_what_is_counted_by_hand(
        self, events: set[Done], zone: str, signed_up: int, data: st.DataObject
    ) -> None:
        for name in KEYS:
            KeyAction.objects.get_or_create(event_name=name)
        made = [
            streak_factory(key="days", length=2),
            streak_factory(key="window", length=2, within_days=9),
            streak_factory(key="working", length=3, pace="working_day", action="key_action"),
            streak_factory(key="weeks", length=2, pace="week", action="sign_in", within_days=20),
            streak_factory(StreakKind.TRACK, key="track", length=2, features=2, active_days=2),
        ]
        signed_up_on = FIRST.date() + timedelta(days=signed_up)
        acme = AccountFactory(time_zone=zone, signed_up_on=signed_up_on)
        mark(acme, FIRST.date())

        ordered = sorted(events, key=lambda e: (e.at, e.name))
        doubled = data.draw(st.lists(st.sampled_from(ordered), max_size=10))
        arrivals = data.draw(st.permutations([*ordered, *doubled]))
        portion = data.draw(st.integers(1, 20))
        for start in range(0, len(arrivals), portion):
            do(acme, *arrivals[start : start + portion])
            serve(LAST)

        held = {row.day: row.streaks for row in AccountFacts.objects.filter(account=acme)}
        assert len(held) == (LAST - FIRST.date()).days + 1
        for streak in made:
            self._check(streak, zone or "UTC", events, signed_up_on)
            first_day = min(e.at for e in events).date()
            for day, told in held.items():
                expected = standing_by_hand(streak.terms, zone or "UTC", events, day, KEYS)
                assert told.get(streak.key) == (expected if day >= first_day else None), (streak.key, day)

    def _check(self, streak: Streak, zone: str, events: set[Done], signed_up_on: date) -> None:
        runs = runs_by_hand(streak.terms, zone, events, KEYS)
        kept = StreakRun.objects.filter(pattern=streak.pattern).order_by("starts_on")
        assert [(r.starts_on, tuple(r.known_on)) for r in kept] == [(r.units[0], r.known_on) for r in runs]
        lengths = [len(r.units) for r in runs]
        assert [r.best_before for r in kept] == [max(lengths[:n], default=0) for n in range(len(lengths))]
        expected = reaches_by_hand(streak.terms, zone, events, signed_up_on, KEYS)
        reached = StreakReach.objects.filter(streak=streak, joined=False).order_by("run_starts_on")
        assert [r.run_starts_on for r in reached] == [start for start, _ in expected]
        span = timedelta(days=7 if streak.pattern.pace == "week" else 1)
        for reach, (_, unit) in zip(reached, expected, strict=True):
            assert unit <= reach.reached_on < unit + span
            assert reach.event is not None
            assert reach.reached_at == reach.event.occurred_at
