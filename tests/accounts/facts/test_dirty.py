"""Dirty marks: served from their earliest day, each once, and never lost."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account
from tests.accounts.facts.company import days, mark, sign_in, use
from tests.factories import AccountFactory, MilestoneFactory

DAY = date(2026, 3, 31)
pytestmark = pytest.mark.django_db


def served(account: Account) -> list[date]:
    return list(AccountFacts.objects.filter(account=account).order_by("day").values_list("day", flat=True))


def test_an_account_is_served_from_its_earliest_mark_until_the_day() -> None:
    acme, beta, calm = AccountFactory(), AccountFactory(), AccountFactory()
    for account, ago in ((acme, 1), (acme, 3), (beta, 0), (acme, 2)):
        mark(account, DAY - timedelta(days=ago))

    assert refresh_dirty(10, up_to=DAY) == [acme.pk, beta.pk]

    assert served(acme) == days(DAY - timedelta(days=3), 4)
    assert served(beta) == [DAY]
    assert served(calm) == []
    assert FactsDirty.objects.count() == 0
    assert refresh_dirty(10, up_to=DAY) == []


def test_the_limit_takes_the_oldest_marks_and_all_marks_of_their_accounts() -> None:
    acme, beta = AccountFactory(), AccountFactory()
    mark(beta, DAY)
    mark(acme, DAY)
    mark(beta, DAY - timedelta(days=1))

    assert refresh_dirty(1, up_to=DAY) == [beta.pk]

    assert list(FactsDirty.objects.values_list("account_id", flat=True)) == [acme.pk]


def test_without_a_day_it_is_today() -> None:
    acme = AccountFactory()
    mark(acme, timezone.now().date() + timedelta(days=1))

    refresh_dirty(10)

    assert served(acme) == [timezone.now().date()]


def test_a_mark_older_than_what_is_kept_is_served_from_the_first_kept_month() -> None:
    acme = AccountFactory()
    mark(acme, date(1999, 1, 1))

    refresh_dirty(10, up_to=DAY)

    assert served(acme)[0] == date(2024, 2, 1)


def test_milestones_are_detected_before_the_facts_are_worked_out() -> None:
    acme = AccountFactory()
    MilestoneFactory(key="first-custom-report", event_name="Custom Report Generated")
    use(acme, DAY, "Custom Report Generated")
    mark(acme, DAY)

    refresh_dirty(10, up_to=DAY)

    assert MilestoneReach.objects.get().account == acme
    assert AccountFacts.objects.get().milestones == ["first-custom-report"]


def test_a_second_run_writes_nothing() -> None:
    acme = AccountFactory()
    sign_in(acme, days(DAY, 1))

    assert refresh([acme.pk], DAY - timedelta(days=9), DAY) == 10
    assert refresh([acme.pk], DAY - timedelta(days=9), DAY) == 0

    sign_in(acme, days(DAY, 1))
    assert refresh(None, DAY - timedelta(days=9), DAY) == 1


@pytest.mark.django_db(transaction=True)
def test_a_refresh_that_fails_leaves_its_marks() -> None:
    acme = AccountFactory()
    mark(acme, DAY)

    def worker_that_dies() -> None:
        with transaction.atomic():
            assert refresh_dirty(10, up_to=DAY) == [acme.pk]
            raise InterruptedError

    with pytest.raises(InterruptedError):
        worker_that_dies()

    assert FactsDirty.objects.count() == 1
    assert served(acme) == []


@pytest.mark.django_db(transaction=True)
def test_marks_that_another_worker_holds_are_left_to_it() -> None:
    acme = AccountFactory()
    mark(acme, DAY)
    seen: list[list[int]] = []

    def other_worker() -> None:
        try:
            seen.append(refresh_dirty(10, up_to=DAY))
        finally:
            connections.close_all()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM accounts_factsdirty FOR UPDATE")
        other = threading.Thread(target=other_worker)
        other.start()
        other.join(20)

    assert seen == [[]]
    assert served(acme) == []
    assert refresh_dirty(10, up_to=DAY) == [acme.pk]
