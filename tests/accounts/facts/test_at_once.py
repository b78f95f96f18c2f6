"""Two refreshes of one account at once: one after the other, and the later sees all."""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connections, transaction

from accounts.facts.models import AccountFacts
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.records.models import Account
from tests.accounts.facts.company import mark, sign_in
from tests.concurrency import SECONDS, until_somebody_waits
from tests.factories import AccountFactory

DAY = date(2026, 3, 31)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "other",
    [lambda pk: refresh([pk], DAY, DAY), lambda pk: refresh(None, DAY, DAY), lambda pk: refresh_dirty(10, up_to=DAY)],
)
def test_the_later_refresh_waits_and_sees_what_the_earlier_saw(other: Callable[[int], object]) -> None:
    acme = AccountFactory()
    mark(acme, DAY)

    def second() -> None:
        try:
            other(acme.pk)
        finally:
            connections.close_all()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        refresh([acme.pk], DAY, DAY)
        thread.start()
        until_somebody_waits()
        sign_in(acme, [DAY])
    thread.join(SECONDS)

    assert AccountFacts.objects.get().sign_ins_30 == 1


@pytest.mark.django_db(transaction=True)
def test_events_come_in_while_an_account_is_refreshed() -> None:
    acme = AccountFactory()
    stored: list[bool] = []

    def intake() -> None:
        try:
            sign_in(Account.objects.get(), [DAY])
            stored.append(True)
        finally:
            connections.close_all()

    with transaction.atomic():
        refresh([acme.pk], DAY, DAY)
        thread = threading.Thread(target=intake)
        thread.start()
        thread.join(SECONDS)

        assert stored == [True]
