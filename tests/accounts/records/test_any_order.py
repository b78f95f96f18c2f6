"""Telling a subscription, held against the same said simply: what stands, and from which day it counts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import FactsDirty
from accounts.records.models import Subscription
from accounts.records.subscriptions import history_of, tell
from accounts.records.terms import Terms
from tests.accounts.records.by_hand import Told
from tests.factories import AccountFactory

FIRST = date(2026, 1, 1)

days = st.integers(0, 6).map(lambda n: FIRST + timedelta(days=n))
terms = st.builds(
    Terms,
    plan=st.sampled_from(["", "Pro"]),
    mrr=st.sampled_from([None, Decimal("0.00"), Decimal("10.50")]),
    seats=st.sampled_from([None, 3]),
    is_trial=st.booleans(),
    ends_on=st.none() | days,
)
tellings = st.fixed_dictionaries(
    {
        "terms": terms,
        "from_day": days,
        "starts_on": st.just(FIRST),
        "minute": st.integers(0, 5),
        "told_as": st.sampled_from("abc"),
        "account": st.just(0),
    }
)
moving = tellings.flatmap(
    lambda t: st.fixed_dictionaries(
        {**{k: st.just(v) for k, v in t.items()}, "starts_on": days, "account": st.integers(0, 1)}
    )
)


class AgainstByHand(TestCase):
    def both(self, told: list[dict[str, Any]]) -> list[tuple[date | None, date | None]]:
        """Tell one after the other; returns the marked day and the first day that really differs, of each."""
        accounts, by_hand, found = [AccountFactory(), AccountFactory()], Told(), []
        for each in told:
            at = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=each["minute"])
            account = accounts[each["account"]]
            named = {name: each[name] for name in ("from_day", "starts_on")}
            FactsDirty.objects.all().delete()
            marked = tell(account, "sub", each["terms"], told_at=at, told_as=each["told_as"], **named)
            marks = set(FactsDirty.objects.values_list("day", flat=True))
            assert marks == ({marked} - {None})
            found.append((marked, by_hand.tell(account.pk, each["terms"], told=(at, each["told_as"]), **named)))
            assert history_of(Subscription.objects.get()) == by_hand.history
        return found

    @settings(max_examples=40, deadline=None)
    @given(st.lists(tellings, min_size=1, max_size=8))
    def test_the_first_day_that_differs_is_marked(self, told: list[dict[str, Any]]) -> None:
        for marked, differs in self.both(told):
            assert marked == differs

    @settings(max_examples=40, deadline=None)
    @given(st.lists(moving, min_size=1, max_size=8))
    def test_while_account_and_start_move_no_day_that_differs_is_left_out(self, told: list[dict[str, Any]]) -> None:
        for marked, differs in self.both(told):
            assert differs is None or (marked is not None and marked <= differs)
