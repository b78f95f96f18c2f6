"""The facts of a day are a function of what happened up to that day, however it was told."""

import random
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.verbs import refresh, refresh_dirty
from accounts.records.models import Account, Contact
from accounts.usage.models import KeyAction
from tests.accounts.facts.company import mark, ticket
from tests.accounts.facts.history import FIRST, LAST, Happening, days, facts_of, happenings, tell_all
from tests.factories import AccountFactory, ContactFactory


def company() -> tuple[Account, list[Contact]]:
    KeyAction.objects.get_or_create(event_name="Report Exported")
    account = AccountFactory()
    return account, [ContactFactory(account=account) for _ in range(2)]


class AsOf(TestCase):
    @settings(max_examples=12, deadline=None)
    @given(happenings, days)
    def test_later_days_never_change_the_facts_of_a_day(self, told: list[Happening], cut: date) -> None:
        account, people = company()
        # What is first told of a subscription holds from its start, so that each is told of once then.
        starts = [Happening(FIRST, f"start-{n}", "subscription", (n, 1, 0, 0)) for n in range(3)]
        ordered = starts + sorted(told, key=lambda h: h.day)

        tell_all(account, people, (h for h in ordered if h.day <= cut), lambda: None)
        refresh([account.pk], FIRST, cut)
        before = facts_of(account, cut)
        tell_all(account, people, (h for h in ordered if h.day > cut), lambda: None)
        refresh([account.pk], FIRST, LAST)

        assert facts_of(account, cut) == before
        assert len(facts_of(account)) == (LAST - FIRST).days + 1

    @settings(max_examples=12, deadline=None)
    @given(happenings, st.randoms(use_true_random=False), st.integers(1, 5))
    def test_any_order_doubling_and_batching_gives_the_facts_of_one_refresh_at_the_end(
        self, told: list[Happening], chance: random.Random, batch: int
    ) -> None:
        # Somebody has a ticket, so that the first company's tickets say nothing of the second's.
        ticket(AccountFactory(), FIRST)
        account, people = company()
        tell_all(account, people, sorted(told, key=lambda h: h.day), lambda: None)
        refresh([account.pk], FIRST, LAST)
        expected = [_without_account(row) for row in facts_of(account)]

        other, colleagues = company()
        shuffled = told + chance.choices(told, k=len(told) // 2)
        chance.shuffle(shuffled)
        mark(other, FIRST)

        def sometimes_refresh() -> None:
            if chance.randrange(batch) == 0:
                refresh_dirty(100, up_to=LAST)

        tell_all(other, colleagues, shuffled, sometimes_refresh)
        # Until nothing is dirty: a few marks of days that are long past are served at a time.
        while refresh_dirty(100, up_to=LAST):
            pass

        assert [_without_account(row) for row in facts_of(other)] == expected


def _without_account(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "account"}
