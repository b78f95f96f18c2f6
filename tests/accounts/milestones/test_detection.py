"""Who reaches a milestone, by which event, and whether that fires."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.milestones.models import MilestoneReach, MilestoneVersion
from accounts.milestones.verbs import detect
from accounts.records.models import Account
from accounts.usage.models import Event
from tests.factories import AccountFactory, EventFactory, MilestoneFactory

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def at(days_ago: float) -> datetime:
    return NOW - timedelta(days=days_ago)


def found() -> list[tuple[str, datetime, bool]]:
    reaches = MilestoneReach.objects.order_by("account__name")
    return [(r.account.name, r.reached_at, r.fires) for r in reaches.select_related("account")]


def test_the_nth_event_makes_the_reach() -> None:
    acme = AccountFactory(name="Acme")
    milestone = MilestoneFactory(count=3)
    events = [EventFactory(account=acme, occurred_at=at(n)) for n in (3, 2, 1, 0.5)]
    EventFactory(account=acme, name="Something Else", occurred_at=at(2.5))

    assert detect(None, now=NOW) == 1

    reach = MilestoneReach.objects.get()
    assert (reach.account, reach.milestone, reach.event) == (acme, milestone, events[2])
    assert (reach.reached_at, reach.count, reach.version, reach.fires) == (at(1), 3, 1, True)


def test_quantities_are_summed_and_ties_end_in_the_id() -> None:
    acme = AccountFactory(name="Acme")
    MilestoneFactory(count=5)
    EventFactory(account=acme, occurred_at=at(2), quantity=4)
    second = EventFactory(account=acme, occurred_at=at(1), quantity=2)
    EventFactory(account=acme, occurred_at=at(1), quantity=2)

    assert detect(None, now=NOW) == 1
    assert MilestoneReach.objects.get().event == second


def test_too_few_events_reach_nothing() -> None:
    MilestoneFactory(count=2)
    EventFactory(occurred_at=at(1))
    assert detect(None, now=NOW) == 0
    assert found() == []


def test_twice_is_once() -> None:
    MilestoneFactory()
    EventFactory(occurred_at=at(1))
    assert [detect(None, now=NOW), detect(None, now=NOW)] == [1, 0]


def test_only_the_named_accounts_are_looked_at() -> None:
    MilestoneFactory()
    acme, beta = AccountFactory(name="Acme"), AccountFactory(name="Beta")
    EventFactory(account=acme, occurred_at=at(1))
    EventFactory(account=beta, occurred_at=at(1))
    assert detect([beta.pk], now=NOW) == 1
    assert found() == [("Beta", at(1), True)]
    assert detect([], now=NOW) == 0


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_only_live_milestones_are_reached(status: str) -> None:
    MilestoneFactory(status=status)
    EventFactory(occurred_at=at(1))
    assert detect(None, now=NOW) == 0


@pytest.mark.parametrize(
    ("occurred_at", "reached"),
    [
        (datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), 0),  # before the sign-up day
        (datetime(2026, 3, 1, 0, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 8, 23, 59, 59, tzinfo=UTC), 1),  # the seventh day after it, in full
        (datetime(2026, 3, 9, 0, 0, tzinfo=UTC), 0),
    ],
)
def test_the_window_from_sign_up(occurred_at: datetime, reached: int) -> None:
    MilestoneFactory(within_days=7)
    EventFactory(account=AccountFactory(signed_up_on=date(2026, 3, 1)), occurred_at=occurred_at)
    assert detect(None, now=NOW) == reached


def test_an_unknown_sign_up_day_is_no_day() -> None:
    MilestoneFactory(within_days=7)
    EventFactory(account=AccountFactory(signed_up_on=None), occurred_at=at(1))
    assert detect(None, now=NOW) == 0


@pytest.mark.parametrize(
    ("occurred", "live_since", "fires"),
    [
        (at(0.1), at(30), True),
        (at(6.9), at(30), True),  # late, but the customer only was offline
        (at(7), at(30), True),
        (at(7.1), at(30), False),  # a backfill
        (at(1), at(0.5), False),  # was there before the milestone went live
        (at(1), at(1), True),
    ],
)
def test_what_fires(occurred: datetime, live_since: datetime, fires: bool) -> None:
    MilestoneFactory(effective_at=live_since)
    EventFactory(occurred_at=occurred)
    assert detect(None, now=NOW) == 1
    assert MilestoneReach.objects.get().fires is fires


def test_a_new_name_does_not_make_an_event_too_old_to_fire() -> None:
    milestone = MilestoneFactory(version=1, effective_at=at(30))
    milestone.version, milestone.name = 2, "Another name"
    milestone.save()
    version = {"name": milestone.name, "event_name": milestone.event_name, "count": 1, "within_days": None}
    MilestoneVersion.objects.create(milestone=milestone, version=2, status="live", effective_at=NOW, **version)
    EventFactory(occurred_at=at(0.1))
    detect(None, now=NOW)
    assert MilestoneReach.objects.get().fires is True


def test_a_late_event_corrects_the_day_and_fires_nothing_anew() -> None:
    acme = AccountFactory(name="Acme")
    MilestoneFactory()
    EventFactory(account=acme, occurred_at=at(1))
    detect(None, now=NOW)
    earlier = EventFactory(account=acme, occurred_at=at(20))
    assert detect([acme.pk], now=NOW) == 1
    reach = MilestoneReach.objects.get()
    assert (reach.reached_at, reach.event, reach.fires) == (at(20), earlier, True)


class AnyOrder(TestCase):
    """The same events, in whatever order and portions they come, make the same reaches."""

    @settings(max_examples=25, deadline=None)
    @given(
        events=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60), st.integers(1, 3)), max_size=12),
        count=st.integers(1, 5),
        portion=st.integers(1, 4),
        order=st.randoms(use_true_random=False),
    )
    def test_late_and_shuffled(self, events, count, portion, order) -> None:  # type: ignore[no-untyped-def]
        accounts = [AccountFactory() for _ in range(3)]
        MilestoneFactory(count=count)
        shuffled = list(events)
        order.shuffle(shuffled)
        for start in range(0, len(shuffled), portion):
            for who, hours, quantity in shuffled[start : start + portion]:
                occurred_at = NOW - timedelta(hours=hours)
                EventFactory(account=accounts[who], occurred_at=occurred_at, quantity=quantity)
            detect(None, now=NOW)
        kept = {(r.account_id, r.reached_at) for r in MilestoneReach.objects.all()}
        assert kept == {(a.pk, when) for a in accounts if (when := _expected(a, count)) is not None}


def _expected(account: Account, count: int) -> datetime | None:
    so_far = 0
    for event in Event.objects.filter(account=account).order_by("occurred_at", "id"):
        so_far += event.quantity
        if so_far >= count:
            return event.occurred_at
    return None
