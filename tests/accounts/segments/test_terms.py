"""Terms of what a segment's rule names, edited: the days before follow, as a recount has them, and fire nothing."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.milestones.models import Milestone, MilestoneReach
from accounts.milestones.verbs import values_of, write_version
from accounts.records.models import Account
from accounts.segments.causes import told_of_account
from accounts.segments.models import SegmentMove
from accounts.streaks.models import Streak
from accounts.streaks.verbs import values_of as streak_values
from accounts.streaks.verbs import write_version as write_streak
from loyalty.core.people.models import User
from tests.accounts.facts.company import mark, use
from tests.accounts.segments.by_hand import rows_of, told_of
from tests.factories import AccountFactory, MilestoneFactory, PersonFactory, SegmentFactory, streak_factory

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
TODAY = NOW.date()
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
NAMES_IT = {"op": "has", "fact": "milestones", "how": "any", "values": ["report"]}


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def do(account: Account, day: date, name: str = "Custom Report Generated", hour: int = 9) -> None:
    use(account, day, name, hour=hour)
    mark(account, day)


def serve() -> None:
    while refresh_dirty(100):
        pass
    assert not FactsDirty.objects.exists()


def moves(account: Account) -> list[tuple[str, int, str, bool]]:
    """In or out, days ago, cause and whether it fires, the oldest first."""
    kept = SegmentMove.objects.filter(account=account, withdrawn_at=None).order_by("day", "entered")
    return [("in" if m.entered else "out", (TODAY - m.day).days, m.cause, m.fires) for m in kept]


def check_recount(account: Account) -> None:
    """A recount of all days writes nothing: the rows, the moves, and what is told of them stay."""
    before = rows_of(account), told_of(account)
    first, last = (before[0][n]["day"] for n in (0, -1))
    assert refresh([account.pk], first, last) == 0
    assert (rows_of(account), told_of(account)) == before


def milestone(status: str = "draft", **terms: Any) -> Milestone:
    """Named by the rule of a segment that has been live for long."""
    SegmentFactory(key="reporting", rule=NAMES_IT, effective_at=LONG_AGO)
    return MilestoneFactory(key="report", status=status, effective_at=LONG_AGO, **terms)


def edit(made: Milestone, by: User, **terms: Any) -> None:
    made.refresh_from_db()
    write_version(made.pk, {**values_of(made), **terms}, by, "Because")


def with_facts_since(days: int) -> Account:
    account = AccountFactory(signed_up_on=ago(100))
    do(account, ago(days), "Something")
    return account


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
class TestAMilestone:
    def test_going_live_reaches_back_as_a_recount_does_and_fires_nothing(self, product: User) -> None:
        made, acme, idle = milestone(), with_facts_since(6), with_facts_since(6)
        do(acme, ago(3))
        serve()
        edit(made, product, status="live")
        assert list(FactsDirty.objects.values_list("account_id", "day")) == [(acme.pk, ago(3))]
        serve()
        days = dict(AccountFacts.objects.filter(account=acme).values_list("day", "milestones"))
        assert (days[ago(4)], days[ago(3)], days[TODAY]) == ([], ["report"], ["report"])
        assert moves(acme) == [("in", 3, "terms", False)]
        told = told_of_account(acme, TODAY, 1)
        assert told[0].words == "The terms of a milestone or a streak that its rule names took effect."
        check_recount(acme)
        # What else comes in late, as it may at any time, changes none of it.
        do(acme, ago(5), "Something")
        serve()
        assert (moves(acme), moves(idle)) == ([("in", 3, "terms", False)], [])
        check_recount(acme)

    def test_whoever_reaches_it_from_then_on_fires(self, product: User, clock: time_machine.Traveller) -> None:
        made, acme = milestone(), with_facts_since(6)
        serve()
        edit(made, product, status="live")
        clock.shift(timedelta(hours=1))
        do(acme, TODAY, hour=15)
        serve()
        assert moves(acme) == [("in", 0, "facts", True)]
        check_recount(acme)

    def test_looser_terms_fire_nothing_of_before_and_stricter_ones_take_nothing_back(self, product: User) -> None:
        made, once, twice = milestone("live", count=2), with_facts_since(6), with_facts_since(6)
        for account, days in ((once, 2), (twice, 4), (twice, 3)):
            do(account, ago(days))
        serve()
        assert (moves(once), moves(twice)) == ([], [("in", 3, "facts", True)])
        edit(made, product, count=1)
        serve()
        edit(made, product, count=9)
        serve()
        assert (moves(once), moves(twice)) == ([("in", 2, "terms", False)], [("in", 3, "facts", True)])
        check_recount(once)
        check_recount(twice)

    def test_what_was_entered_by_another_way_before_fires_as_it_did(self, product: User) -> None:
        made = milestone()
        either = {"op": "or", "items": [NAMES_IT, {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "1"}]}
        SegmentFactory(key="either", rule=either, effective_at=LONG_AGO)
        acme = with_facts_since(6)
        do(acme, ago(3))
        do(acme, ago(1), "Signed In")
        serve()
        (entry,) = SegmentMove.objects.all()
        assert (entry.segment.key, entry.day, entry.fires) == ("either", ago(1), True)
        edit(made, product, status="live")
        serve()
        again = SegmentMove.objects.get(segment__key="either")
        assert (again.pk, again.day, again.cause, again.fires) == (entry.pk, ago(3), "terms", True)
        check_recount(acme)

    def test_what_counts_from_it_follows_too(self, product: User) -> None:
        start = MilestoneFactory(status="draft", event_name="Onboarding Completed")
        milestone("live", within_days=30, counts_from=start)
        acme = with_facts_since(6)
        do(acme, ago(5), "Onboarding Completed")
        do(acme, ago(2))
        serve()
        edit(start, product, status="live")
        serve()
        assert moves(acme) == [("in", 2, "terms", False)]
        check_recount(acme)


IN_A_ROW = {"op": "compare", "fact": "current_streak_exports", "is": ">=", "value": "2"}


def streak(status: str = "draft", rule: dict[str, Any] | None = None, **terms: Any) -> Streak:
    """Named by the rule of a segment that has been live for long."""
    SegmentFactory(key="steady", rule=rule or IN_A_ROW, effective_at=LONG_AGO)
    return streak_factory(key="exports", status=status, effective_at=LONG_AGO, **terms)


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
class TestAStreak:
    def test_going_live_reaches_back_as_a_recount_does_and_fires_nothing(self) -> None:
        made, acme = streak(), with_facts_since(6)
        for days in (3, 2, 1, 0):
            do(acme, ago(days), "Report Exported")
        serve()
        write_streak(made.pk, streak_values(made) | {"status": "live"}, None, "Because")
        serve()
        assert moves(acme) == [("in", 2, "terms", False)]
        check_recount(acme)
        do(acme, ago(5), "Something")
        serve()
        assert moves(acme) == [("in", 2, "terms", False)]

    def test_who_comes_to_it_the_day_after_fires(self, clock: time_machine.Traveller) -> None:
        made, acme = streak(), with_facts_since(6)
        do(acme, TODAY, "Report Exported")
        serve()
        write_streak(made.pk, streak_values(made) | {"status": "live"}, None, "Because")
        clock.shift(timedelta(days=1))
        do(acme, ago(-1), "Report Exported")
        serve()
        assert moves(acme) == [("in", -1, "facts", True)]
        check_recount(acme)

    def test_another_pattern_fires_nothing_of_what_it_counts_from_before(self, clock: time_machine.Traveller) -> None:
        made, acme, beta = streak("live"), with_facts_since(6), with_facts_since(6)
        for days in (3, 2, 1, 0):
            do(acme, ago(days), "Report Shared")
        do(beta, TODAY, "Report Shared")
        serve()
        assert moves(acme) == []
        write_streak(made.pk, streak_values(made) | {"event_name": "Report Shared"}, None, "Because")
        serve()
        assert (moves(acme), moves(beta)) == ([("in", 0, "terms", False)], [])
        clock.shift(timedelta(days=1))
        do(beta, ago(-1), "Report Shared")
        serve()
        assert (moves(acme), moves(beta)) == ([("in", 0, "terms", False)], [("in", -1, "facts", True)])
        check_recount(acme)
        check_recount(beta)

    def test_a_change_that_spans_the_edit_fires_nothing(self, clock: time_machine.Traveller) -> None:
        by_three: dict[str, Any] = {"op": "changed", "direction": "up", "by": "3", "as": "amount", "days": 5}
        risen = {**by_three, "fact": "best_streak_exports"}
        made, acme = streak("live", rule=risen), with_facts_since(6)
        for days in (1, 0):
            do(acme, ago(days), "Report Shared")
        serve()
        write_streak(made.pk, streak_values(made) | {"event_name": "Report Shared"}, None, "Because")
        clock.shift(timedelta(days=1))
        do(acme, ago(-1), "Report Shared")
        serve()
        assert moves(acme) == [("in", -1, "terms", False)]

    def test_a_longer_streak_is_another_matter_for_reaches_only(self) -> None:
        made, acme = streak("live", length=2), with_facts_since(6)
        do(acme, ago(1), "Report Exported")
        serve()
        write_streak(made.pk, streak_values(made) | {"length": 9}, None, "Because")
        do(acme, TODAY, "Report Exported")
        serve()
        assert moves(acme) == [("in", 0, "facts", True)]


class AnyOrder(TestCase):
    """Whatever came before and after the edit, and however it was served: kept as recounted, and fired by itself."""

    @settings(max_examples=20, deadline=None)
    @given(
        told=st.lists(st.tuples(st.sampled_from([True, False]), st.integers(0, 9)), max_size=10),
        late=st.lists(st.integers(0, 9), max_size=4),
        counts=st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=3),
        chance=st.randoms(use_true_random=False),
    )
    def test_kept_is_recounted(
        self, told: list[tuple[bool, int]], late: list[int], counts: list[int], chance: random.Random
    ) -> None:
        with time_machine.travel(NOW, tick=False):
            made, acme, product = milestone(count=2), with_facts_since(9), PersonFactory()
            for counted, days in told:
                do(acme, ago(days), "Custom Report Generated" if counted else "Something")
                if chance.random() < 0.5:
                    refresh_dirty(100)
            for count in counts:
                edit(made, product, status="live", count=count)
                if chance.random() < 0.5:
                    refresh_dirty(100)
            for days in late:
                do(acme, ago(days), "Something")
                refresh_dirty(100)
            serve()
            check_recount(acme)
            reached = MilestoneReach.objects.filter(account=acme).values_list("reached_at", flat=True)
            days = [(TODAY - at.date()).days for at in reached]
            # On the first day with facts there is nothing to compare with.
            assert moves(acme) == [("in", n, "start" if n == 9 else "terms", False) for n in days]
