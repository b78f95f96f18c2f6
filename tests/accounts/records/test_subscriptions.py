"""What a system of record tells of a subscription becomes dated history, in whatever order it comes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import permutations

import pytest
from django.db import connection, transaction

from accounts.facts.models import FactsDirty
from accounts.records.models import Account, Subscription, SubscriptionTerm
from accounts.records.subscriptions import history_of, tell
from accounts.records.terms import Terms
from loyalty.engines.processes import wait_until
from tests.factories import AccountFactory

START = date(2026, 1, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Account:
    return AccountFactory(name="Acme")


def told(account: Account, day: date, mrr: int, *, hour: int = 9, told_as: str = "", starts_on: date = START) -> object:
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    terms = Terms(plan="Pro", mrr=Decimal(mrr), seats=5)
    return tell(account, "sub-1", terms, from_day=day, starts_on=starts_on, told_at=moment, told_as=told_as)


def marks() -> list[tuple[str, date]]:
    return list(FactsDirty.objects.order_by("id").values_list("account__name", "day"))


def steps() -> list[tuple[date, Decimal | None]]:
    return list(SubscriptionTerm.objects.order_by("from_day").values_list("from_day", "mrr"))


def test_a_first_telling_counts_from_the_start(acme: Account) -> None:
    assert told(acme, date(2026, 1, 5), 100) == START

    assert steps() == [(date(2026, 1, 5), Decimal("100.00"))]
    assert marks() == [("Acme", START)]


def test_a_change_counts_from_its_day_and_leaves_what_was(acme: Account) -> None:
    told(acme, START, 100)
    FactsDirty.objects.all().delete()

    assert told(acme, date(2026, 3, 1), 250) == date(2026, 3, 1)

    assert steps() == [(START, Decimal("100.00")), (date(2026, 3, 1), Decimal("250.00"))]
    assert marks() == [("Acme", date(2026, 3, 1))]


def test_told_twice_is_told_once(acme: Account) -> None:
    told(acme, START, 100)
    FactsDirty.objects.all().delete()

    assert told(acme, START, 100) is None

    assert (len(steps()), marks()) == (1, [])


def test_an_older_telling_of_the_same_day_changes_nothing(acme: Account) -> None:
    told(acme, START, 100, hour=12)
    FactsDirty.objects.all().delete()

    assert told(acme, START, 70, hour=11) is None

    assert (steps(), marks()) == ([(START, Decimal("100.00"))], [])


def test_every_order_ends_in_the_same_history(acme: Account) -> None:
    tellings = [
        (START, 100, 9, "b", START),
        (START, 110, 9, "a", START),
        (date(2026, 2, 1), 120, 9, "", START),
        (date(2026, 2, 1), 130, 10, "", date(2026, 1, 2)),
        (date(2026, 3, 1), 130, 10, "", date(2026, 1, 2)),
    ]
    found = set()
    for order in permutations(tellings):
        Subscription.objects.all().delete()
        for day, mrr, hour, told_as, starts_on in [*order, order[0]]:
            told(acme, day, mrr, hour=hour, told_as=told_as, starts_on=starts_on)
        history = history_of(Subscription.objects.get())
        found.add((history.starts_on, *sorted((day, terms.mrr) for day, terms in history.terms.items())))

    assert found == {
        (
            date(2026, 1, 2),
            (START, Decimal("100.00")),
            (date(2026, 2, 1), Decimal("130.00")),
            (date(2026, 3, 1), Decimal("130.00")),
        )
    }


def test_a_subscription_that_moves_marks_both_accounts(acme: Account) -> None:
    told(acme, START, 100)
    FactsDirty.objects.all().delete()

    told(AccountFactory(name="Beta"), date(2026, 2, 1), 100)

    assert marks() == [("Acme", START), ("Beta", START)]


@pytest.mark.django_db(transaction=True)
def test_a_telling_that_had_to_wait_knows_what_it_waited_for(acme: Account) -> None:
    """The second says what stood when it began: had it not looked again, it would have found nothing changed."""
    told(acme, START, 100)
    FactsDirty.objects.all().delete()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            told(acme, date(2026, 2, 1), 250)
            second = pool.submit(_on_a_connection_of_its_own, partial(told, acme, date(2026, 3, 1), 100))
            assert wait_until(_somebody_waits_for_us, 30)
        assert second.result(timeout=30) == date(2026, 3, 1)

    assert marks() == [("Acme", date(2026, 2, 1)), ("Acme", date(2026, 3, 1))]


def _on_a_connection_of_its_own(call: Callable[[], object]) -> object:
    try:
        return call()
    finally:
        connection.close()


def _somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid")
        return bool(cursor.fetchone() == (1,))
