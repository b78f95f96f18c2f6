"""Segments and moves follow from the facts and the versions of the days, however all of it was told."""

import random
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.verbs import refresh, refresh_dirty
from accounts.records.models import Account
from accounts.segments.following import place_all
from tests.accounts.facts.company import mark, ticket
from tests.accounts.facts.history import FIRST, LAST, Happening, days, happenings, tell_all
from tests.accounts.facts.test_as_of import company
from tests.accounts.segments.by_hand import (
    make_segments,
    moves_by_hand,
    moves_of,
    rows_of,
    segments_by_hand,
    told_of,
)
from tests.factories import AccountFactory


def check_by_hand(account: Account) -> None:
    rows = rows_of(account)
    expected = segments_by_hand(rows)
    assert [row["segments"] for row in rows] == expected
    assert [row["primary_segment"] for row in rows] == [keys[0] if keys else None for keys in expected]
    assert moves_of(account) == moves_by_hand(expected)


class AnyOrder(TestCase):
    @settings(max_examples=15, deadline=None)
    @given(happenings, st.randoms(use_true_random=False), st.integers(1, 5))
    def test_any_order_and_batching_gives_the_segments_worked_out_by_hand(
        self, told: list[Happening], chance: random.Random, batch: int
    ) -> None:
        make_segments()
        ticket(AccountFactory(), FIRST)
        account, people = company()
        tell_all(account, people, sorted(told, key=lambda h: h.day), lambda: None)
        refresh([account.pk], FIRST, LAST)
        check_by_hand(account)

        other, colleagues = company()
        shuffled = told + chance.choices(told, k=len(told) // 2)
        chance.shuffle(shuffled)
        mark(other, FIRST)

        def sometimes_refresh() -> None:
            if chance.randrange(batch) == 0:
                refresh_dirty(100, up_to=LAST)

        tell_all(other, colleagues, shuffled, sometimes_refresh)
        while refresh_dirty(100, up_to=LAST):
            pass
        check_by_hand(other)
        assert told_of(other) == told_of(account)

    @settings(max_examples=10, deadline=None)
    @given(happenings, days)
    def test_later_days_never_change_the_segments_and_moves_of_a_day(self, told: list[Happening], cut: date) -> None:
        make_segments()
        account, people = company()
        starts = [Happening(FIRST, f"start-{n}", "subscription", (n, 1, 0, 0)) for n in range(3)]
        ordered = starts + sorted(told, key=lambda h: h.day)
        tell_all(account, people, (h for h in ordered if h.day <= cut), lambda: None)
        refresh([account.pk], FIRST, cut)
        before = [row["segments"] for row in rows_of(account)], told_of(account)
        tell_all(account, people, (h for h in ordered if h.day > cut), lambda: None)
        refresh([account.pk], FIRST, LAST)
        assert ([row["segments"] for row in rows_of(account, cut)], told_of(account, cut)) == before
        check_by_hand(account)

    @settings(max_examples=10, deadline=None)
    @given(happenings, st.integers(1, 20))
    def test_day_by_day_without_followers_and_then_placed_is_the_same(self, told: list[Happening], step: int) -> None:
        make_segments()
        account, people = company()
        tell_all(account, people, told, lambda: None)
        on = [date.fromordinal(n) for n in range(FIRST.toordinal(), LAST.toordinal() + 1)]
        for first in range(0, len(on), step):
            part = on[first : first + step]
            refresh(None, part[0], part[-1], follow=False)
            place_all(part[0], part[-1])
        check_by_hand(account)
        assert place_all(FIRST, LAST) == 0
