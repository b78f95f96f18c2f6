"""A first ticket that comes late, or is dated anew, changes the facts of accounts that it does not name."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connections, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import AccountFacts, FactsDirty, SupportSince
from accounts.facts.support import mark_support_change
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.records.models import Account, Ticket
from loyalty.pipeline import react_now
from tests.accounts.facts.company import mark, moment, ticket
from tests.concurrency import until_somebody_waits
from tests.factories import AccountFactory

FIRST = date(2026, 3, 1)
LAST = date(2026, 3, 20)
DAYS = (LAST - FIRST).days + 1


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


def known_from(account: Account) -> date | None:
    """The first day whose tickets are known; they are known of every later day too."""
    rows = AccountFacts.objects.filter(account=account).order_by("day")
    known = [row.day for row in rows if row.open_tickets is not None]
    assert known == [row.day for row in rows if known and row.day >= known[0]]
    return known[0] if known else None


def serve() -> None:
    mark_support_change()
    while refresh_dirty(2, up_to=LAST):
        pass


@pytest.mark.django_db
def test_a_late_first_ticket_makes_tickets_known_of_every_account() -> None:
    acme, calm, young = AccountFactory.create_batch(3)
    refresh([acme.pk, calm.pk], FIRST, LAST)
    refresh([young.pk], day(15), LAST)
    ticket(acme, day(9))
    mark(acme, day(9))

    serve()

    assert [known_from(account) for account in (acme, calm, young)] == [day(9), day(9), day(15)]
    # Nothing is worked out of days before there was anything to work out.
    assert AccountFacts.objects.filter(account=young).count() == (LAST - day(15)).days + 1
    assert mark_support_change() == 0


@pytest.mark.django_db
def test_an_even_earlier_one_and_one_that_is_dated_anew() -> None:
    acme, calm = AccountFactory.create_batch(2)
    refresh(None, FIRST, LAST)
    first = ticket(acme, day(9))
    mark(acme, day(9))
    serve()
    ticket(acme, day(4))
    mark(acme, day(4))
    serve()
    assert known_from(calm) == day(4)

    Ticket.objects.exclude(pk=first.pk).update(opened_at=moment(day(12)))
    mark(acme, day(4))
    serve()
    assert known_from(calm) == day(9)

    Ticket.objects.all().delete()
    mark(acme, day(4))
    serve()
    assert known_from(calm) is None
    assert SupportSince.objects.get().day is None


@pytest.mark.django_db
def test_where_the_facts_are_right_already_nobody_is_marked() -> None:
    acme, _ = AccountFactory.create_batch(2)
    ticket(acme, day(9))
    refresh(None, FIRST, LAST)

    assert mark_support_change() == 0
    assert SupportSince.objects.get().day == day(9)
    assert not FactsDirty.objects.exists()


@pytest.mark.django_db
def test_a_later_ticket_marks_nobody() -> None:
    acme, _ = AccountFactory.create_batch(2)
    ticket(acme, day(9))
    refresh(None, FIRST, LAST)
    mark_support_change()
    ticket(acme, day(10))

    assert mark_support_change() == 0


@pytest.mark.django_db
def test_the_worker_looks_by_itself() -> None:
    acme, calm = AccountFactory.create_batch(2)
    refresh(None, FIRST, LAST)
    ticket(acme, day(9))

    react_now()

    assert AccountFacts.objects.get(account=calm, day=LAST).open_tickets == 0


@pytest.mark.django_db(transaction=True)
def test_a_refresh_that_is_at_work_is_seen_whole() -> None:
    acme = AccountFactory()
    ticket(acme, LAST + timedelta(days=1))

    def date_anew_and_look() -> None:
        try:
            Ticket.objects.update(opened_at=moment(day(9)))
            mark_support_change()
        finally:
            connections.close_all()

    thread = threading.Thread(target=date_anew_and_look)
    with transaction.atomic():
        refresh([acme.pk], FIRST, LAST)
        thread.start()
        until_somebody_waits()
    thread.join(20)

    assert [mark.day for mark in FactsDirty.objects.all()] == [day(9)]


class AnyOrder(TestCase):
    @settings(max_examples=15, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, DAYS - 1)), min_size=1, max_size=6),
        st.lists(st.booleans(), min_size=6, max_size=6),
    )
    def test_tickets_in_any_order_give_the_facts_of_a_recount(
        self, told: list[tuple[int, int]], served: list[bool]
    ) -> None:
        companies = AccountFactory.create_batch(3)
        refresh(None, FIRST, LAST)
        for (which, n), serves in zip(told, served, strict=False):
            ticket(companies[which], day(n))
            mark(companies[which], day(n))
            if serves:
                serve()
        serve()
        kept = self._facts()

        AccountFacts.objects.all().delete()
        refresh(None, FIRST, LAST)

        assert kept == self._facts()

    def _facts(self) -> list[tuple[object, ...]]:
        rows = AccountFacts.objects.order_by("account", "day")
        return list(rows.values_list("account", "day", "open_tickets", "tickets_30"))
