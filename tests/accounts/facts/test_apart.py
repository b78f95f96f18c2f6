"""One account whose figures fit no column: the others are served, it waits, and the administrators hear of it."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.queries import dirty_since
from accounts.facts.verbs import refresh, refresh_dirty, try_held_again
from accounts.records.models import Account
from loyalty.core.notices.models import Notice
from tests.accounts.facts.company import mark, use
from tests.factories import AccountFactory, PersonFactory

DAY = date(2026, 3, 31)
BEFORE = DAY - timedelta(days=1)
pytestmark = pytest.mark.django_db

# Figures that no column holds must not come in; so the column of the facts is made narrower here.
NARROW = "ALTER TABLE accounts_accountfacts ALTER COLUMN sign_ins_30 TYPE smallint"
WIDE = "ALTER TABLE accounts_accountfacts ALTER COLUMN sign_ins_30 TYPE integer"


@pytest.fixture
def company() -> list[Account]:
    """Five accounts with a mark each, of which the third signed in too often."""
    PersonFactory(is_administrator=True)
    PersonFactory()
    accounts = AccountFactory.create_batch(5)
    use(accounts[2], DAY, "Signed In", times=40_000)
    for account in accounts:
        mark(account, BEFORE)
    _run(NARROW)
    return accounts


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _served() -> set[int]:
    return set(AccountFacts.objects.values_list("account_id", flat=True))


def test_the_others_are_served_and_the_one_waits(company: list[Account]) -> None:
    wrong = company[2]
    everybody = {account.pk for account in company}

    assert set(refresh_dirty(10, up_to=DAY)) == everybody

    assert _served() == everybody - {wrong.pk}
    assert FactsDirty.objects.values_list("account_id", "day").get() == (wrong.pk, BEFORE)
    assert refresh_dirty(10, up_to=DAY) == []
    notice = Notice.objects.get()
    assert notice.person.is_administrator
    assert notice.words.startswith(f"The facts of {wrong.name} cannot be worked out: smallint out of range.")
    assert notice.url == f"/accounts/{wrong.pk}/"


def test_it_is_tried_again_with_news_of_it_and_at_night(company: list[Account]) -> None:
    wrong = company[2]
    refresh_dirty(10, up_to=DAY)

    mark(wrong, DAY)
    assert refresh_dirty(10, up_to=DAY) == [wrong.pk]
    assert FactsDirty.objects.values_list("account_id", "day").get() == (wrong.pk, BEFORE)
    assert (try_held_again(), Notice.objects.count()) == (1, 1)

    _run(WIDE)
    assert refresh_dirty(10, up_to=DAY) == [wrong.pk]

    served = AccountFacts.objects.filter(account=wrong).order_by("day").values_list("day", "sign_ins_30")
    assert list(served) == [(BEFORE, None), (DAY, 40_000)]
    assert (FactsDirty.objects.count(), try_held_again()) == (0, 0)


def test_the_night_works_out_all_others(company: list[Account]) -> None:
    FactsDirty.objects.all().delete()

    assert refresh(None, DAY, DAY, follow=False) == 4

    assert _served() == {account.pk for account in company} - {company[2].pk}
    assert FactsDirty.objects.values_list("account_id", "day").get() == (company[2].pk, DAY)
    assert dirty_since(timezone.now()) is None
    assert Notice.objects.count() == 1
