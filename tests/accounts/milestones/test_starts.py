"""Milestones whose days count from the reach of another one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.milestones.changing import in_words
from accounts.milestones.models import Milestone, MilestoneReach
from accounts.milestones.rules import followers, in_order
from accounts.milestones.starts import check_start, possible_starts
from accounts.milestones.verbs import create_milestone, detect, values_of, write_version
from accounts.records.models import Account
from accounts.usage.models import Event
from loyalty.core.changes.registry import measured_impact
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from tests.factories import AccountFactory, EventFactory, MilestoneFactory

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def at(days_ago: float) -> datetime:
    return NOW - timedelta(days=days_ago)


@pytest.fixture
def first() -> Milestone:
    return MilestoneFactory(name="Onboarded", event_name="Onboarding Completed")


@pytest.fixture
def second(first: Milestone) -> Milestone:
    """Two reports within three days of being onboarded."""
    return MilestoneFactory(name="Reporting", count=2, within_days=3, counts_from=first)


@pytest.fixture
def acme() -> Account:
    return AccountFactory(name="Acme", signed_up_on=None)


def onboarded(account: Account, days_ago: float) -> None:
    EventFactory(account=account, name="Onboarding Completed", occurred_at=at(days_ago))


def reported(account: Account, *days_ago: float) -> None:
    for days in days_ago:
        EventFactory(account=account, occurred_at=at(days))


def reach_of(milestone: Milestone) -> datetime | None:
    found = MilestoneReach.objects.filter(milestone=milestone, withdrawn_at=None).first()
    return found.reached_at if found else None


# Onboarded five days ago at nine o'clock, on 5 March; the last of three days is 8 March, in full.
WINDOW = [
    ("both within", [5, 4], at(4)),
    ("the first in the very moment", [5, 5], at(5)),
    ("one before the start", [5.001, 4], None),
    ("the last moment of the last day", [4, 1.376], at(1.376)),
    ("after the last day", [4, 1.37], None),
    ("one before, two within", [6, 4, 3], at(3)),
]


@pytest.mark.parametrize(("told", "reports", "reached"), WINDOW)
def test_the_days_count_from_the_moment_of_the_other_reach(
    second: Milestone, acme: Account, told: str, reports: list[float], reached: datetime | None
) -> None:
    onboarded(acme, 5)
    reported(acme, *reports)
    detect([acme.pk], now=NOW)
    assert reach_of(second) == reached


def test_without_the_start_there_are_no_days(second: Milestone, acme: Account) -> None:
    reported(acme, 2, 1)
    assert detect(None, now=NOW) == 0


def test_a_late_start_takes_the_reach_back_and_nothing_fires_twice(
    first: Milestone, second: Milestone, acme: Account
) -> None:
    onboarded(acme, 5)
    reported(acme, 4, 3)
    detect([acme.pk], now=NOW)
    was = MilestoneReach.objects.get(milestone=second)
    assert was.fires is True

    onboarded(acme, 20)
    assert detect([acme.pk], now=NOW) == 2
    assert (reach_of(first), reach_of(second)) == (at(20), None)
    assert detect([acme.pk], now=NOW) == 0

    reported(acme, 19, 18)
    assert detect([acme.pk], now=NOW) == 1
    again = MilestoneReach.objects.get(milestone=second)
    assert (again.pk, again.reached_at, again.fires, again.withdrawn_at) == (was.pk, at(18), True, None)


def test_a_backfilled_one_that_was_taken_back_does_not_fire_when_it_returns(
    first: Milestone, second: Milestone, acme: Account
) -> None:
    onboarded(acme, 40)
    reported(acme, 39, 38)
    detect([acme.pk], now=NOW)
    assert MilestoneReach.objects.get(milestone=second).fires is False


def test_looser_terms_of_the_start_fire_nothing_of_before(acme: Account, product: User) -> None:
    first = MilestoneFactory(event_name="Onboarding Completed", count=2)
    second = MilestoneFactory(count=1, within_days=3, counts_from=first, effective_at=at(30))
    now = datetime.now(tz=UTC)
    EventFactory(account=acme, name="Onboarding Completed", occurred_at=now - timedelta(days=2))
    EventFactory(account=acme, occurred_at=now - timedelta(days=1))
    assert detect(None) == 0

    write_version(first.pk, {**values_of(first), "count": 1}, product, "Once is enough")

    reach = MilestoneReach.objects.get(milestone=second)
    assert reach.fires is False


def test_the_chain_is_followed_in_its_order() -> None:
    starts = {1: 3, 2: None, 3: 2, 4: None}
    assert in_order(starts) == [[2, 4], [3], [1]]
    assert followers(starts, 2) == {1, 2, 3}
    assert followers(starts, 4) == {4}
    with pytest.raises(DomainError, match="in a circle"):
        in_order({1: 2, 2: 1})


def test_a_circle_a_draft_and_a_stranger_are_refused(first: Milestone, second: Milestone, product: User) -> None:
    draft = MilestoneFactory(name="Later", status="draft")
    with pytest.raises(DomainError, match="in a circle"):
        check_start(first.pk, second.pk)
    with pytest.raises(DomainError, match="“Later” is a draft"):
        check_start(second.pk, draft.pk)
    with pytest.raises(DomainError, match="is not there"):
        check_start(second.pk, 999_999)
    with pytest.raises(DomainError, match="in a circle"):
        write_version(first.pk, {**values_of(first), "within_days": 3, "counts_from": second.pk}, product, "")
    assert Milestone.objects.get(pk=first.pk).version == 1
    assert [name for _, name in possible_starts(first.pk)] == []
    assert [name for _, name in possible_starts(None)] == ["Onboarded", "Reporting"]


def test_a_start_needs_days(first: Milestone, product: User) -> None:
    asked = {"name": "Then", "event_name": "Exported", "count": 1, "within_days": None, "counts_from": first.pk}
    with pytest.raises(DomainError, match="within how many days"):
        create_milestone(asked, acting_user=product)
    made = create_milestone({**asked, "within_days": 7}, acting_user=product)
    assert made.terms.in_words() == "“Exported” for the first time, within 7 days of reaching “Onboarded”"


def test_the_impact_tells_who_enters_and_what_else_counts_from_it(
    first: Milestone, second: Milestone, acme: Account
) -> None:
    now = datetime.now(tz=UTC)
    EventFactory(account=acme, name="Onboarding Completed", occurred_at=now - timedelta(days=9))
    for days in (8, 4):
        EventFactory(account=acme, occurred_at=now - timedelta(days=days))
    detect(None)
    wider: dict[str, Any] = {**values_of(second), "within_days": 7}
    assert "Adds 1 account: Acme." in measured_impact("milestone", second.pk, wider)
    since_sign_up = {**values_of(second), "counts_from": None, "within_days": None}
    assert "Adds 1 account: Acme." in measured_impact("milestone", second.pk, since_sign_up)
    told = "“Reporting” counts from it: whoever reaches it by the new terms starts their days."
    assert told in measured_impact("milestone", first.pk, {**values_of(first), "count": 2})
    assert told not in measured_impact("milestone", first.pk, {**values_of(first), "name": "Set up"})
    assert in_words("counts_from", first.pk) == "reaching “Onboarded”"
    assert in_words("counts_from", None) == "sign-up"


class AnyOrder(TestCase):
    """A chain of three: the same events, in any order and portions, make the same reaches."""

    @settings(max_examples=40, deadline=None)
    @given(
        events=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 20)), max_size=12),
        days=st.integers(1, 3),
        portion=st.integers(1, 4),
        order=st.randoms(use_true_random=False),
    )
    def test_late_and_shuffled(self, events, days, portion, order) -> None:  # type: ignore[no-untyped-def]
        account = AccountFactory()
        # The last was made first: ids tell nothing of the chain.
        c = MilestoneFactory(event_name="c")
        b = MilestoneFactory(event_name="b", count=2)
        a = MilestoneFactory(event_name="a")
        Milestone.objects.filter(pk=b.pk).update(counts_from=a, within_days=days)
        Milestone.objects.filter(pk=c.pk).update(counts_from=b, within_days=days)
        shuffled = list(events)
        order.shuffle(shuffled)
        for begin in range(0, len(shuffled), portion):
            for name, half_days in shuffled[begin : begin + portion]:
                EventFactory(account=account, name=name, occurred_at=NOW - timedelta(hours=12 * half_days))
            detect([account.pk], now=NOW)
        reached = _first("a", 1)
        expected = [reached]
        for name, count in (("b", 2), ("c", 1)):
            reached = _first(name, count, since=reached, days=days) if reached else None
            expected.append(reached)
        assert [reach_of(milestone) for milestone in (a, b, c)] == expected


def _first(name: str, count: int, *, since: datetime | None = None, days: int = 0) -> datetime | None:
    """The moment of the count-th event of a name; from a moment on, until the last of some days is over."""
    moments = sorted(Event.objects.filter(name=name).values_list("occurred_at", flat=True))
    if since:
        until = since.date() + timedelta(days=days)
        moments = [moment for moment in moments if moment >= since and moment.date() <= until]
    return moments[count - 1] if len(moments) >= count else None
