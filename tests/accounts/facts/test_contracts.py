"""What the facts say of money, seats and renewals: sums over what is active on the day."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.facts.models import AccountFacts
from accounts.facts.verbs import refresh
from accounts.records.models import Account
from tests.accounts.facts.company import sign_in, subscription
from tests.factories import AccountFactory, ContactFactory

DAY = date(2026, 3, 31)
pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Account:
    return AccountFactory(name="Acme", plan_segment="enterprise", signed_up_on=date(2026, 1, 1))


def facts(account: Account, day: date = DAY) -> AccountFacts:
    refresh([account.pk], day, day)
    return AccountFacts.objects.get(account=account, day=day)


def test_an_account_without_subscriptions_has_unknown_money(acme: Account) -> None:
    found = facts(acme)

    assert (found.mrr, found.arr, found.seats_bought, found.seat_utilisation) == (None, None, None, None)
    assert (found.billing_frequency, found.renews_on, found.days_to_renewal) == (None, None, None)
    assert (found.plan_segment, found.days_since_sign_up) == ("enterprise", 89)


def test_mrr_and_seats_are_sums_of_what_is_active(acme: Account) -> None:
    subscription(acme, date(2026, 1, 1), mrr=Decimal("100.10"), seats=3)
    subscription(acme, date(2026, 2, 1), mrr=Decimal("250.25"), seats=5, ends_on=date(2026, 4, 1))
    subscription(acme, date(2026, 2, 1), mrr=Decimal("999.99"), seats=7, ends_on=DAY)
    subscription(acme, date(2026, 4, 1), mrr=Decimal("400.00"), seats=11)
    subscription(acme, date(2026, 1, 1), mrr=Decimal("0.00"), seats=50, is_trial=True)

    found = facts(acme)

    assert (found.mrr, found.arr, found.seats_bought) == (Decimal("350.35"), Decimal("4204.20"), 8)


@pytest.mark.parametrize(("day", "mrr"), [(date(2026, 2, 1), 0), (date(2026, 2, 2), 50), (date(2026, 3, 4), 0)])
def test_a_subscription_counts_from_its_first_day_until_before_its_last(acme: Account, day: date, mrr: int) -> None:
    subscription(acme, date(2026, 1, 1), mrr=Decimal(10), is_trial=True)
    subscription(acme, date(2026, 2, 2), mrr=Decimal(50), ends_on=date(2026, 3, 4))

    assert facts(acme, day).mrr == Decimal(mrr)


def test_when_all_have_ended_nothing_is_paid(acme: Account) -> None:
    subscription(acme, date(2026, 1, 1), ends_on=date(2026, 2, 1))

    found = facts(acme)

    assert (found.mrr, found.arr, found.seats_bought) == (Decimal(0), Decimal(0), 0)
    assert (found.billing_frequency, found.renews_on, found.seat_utilisation) == (None, None, None)


def test_a_sum_with_an_unknown_part_is_unknown(acme: Account) -> None:
    subscription(acme, date(2026, 1, 1), mrr=Decimal(100), seats=5)
    subscription(acme, date(2026, 1, 1), mrr=None, seats=None)

    found = facts(acme)

    assert (found.mrr, found.arr, found.seats_bought) == (None, None, None)


def test_money_in_another_currency_is_not_added_to_the_reporting_currency(acme: Account) -> None:
    subscription(acme, date(2026, 1, 1), mrr=Decimal(100), seats=5)
    subscription(acme, date(2026, 1, 1), mrr=Decimal(100), seats=5, currency="EUR")

    found = facts(acme)

    assert (found.mrr, found.seats_bought) == (None, 10)


def test_billing_frequency_is_that_of_the_largest_subscription(acme: Account) -> None:
    subscription(acme, date(2026, 1, 1), mrr=Decimal(100), billing_frequency="annual")
    subscription(acme, date(2026, 1, 1), mrr=Decimal(101), billing_frequency="monthly")
    subscription(acme, date(2026, 1, 1), mrr=None, billing_frequency="multi_year")

    assert facts(acme).billing_frequency == "monthly"


@pytest.mark.parametrize(
    ("case", "values", "renews_on"),
    [
        ("told", {"renews_on": date(2026, 5, 9)}, date(2026, 5, 9)),
        ("told, today", {"renews_on": DAY}, DAY),
        ("told, a year ago", {"renews_on": date(2025, 3, 30)}, date(2027, 3, 30)),
        ("told, next year: the annual renewal before it", {"renews_on": date(2027, 5, 9)}, date(2026, 5, 9)),
        ("ends", {"ends_on": date(2026, 6, 1)}, date(2026, 6, 1)),
        ("told before it ends", {"renews_on": date(2026, 5, 9), "ends_on": date(2028, 1, 1)}, date(2026, 5, 9)),
        ("annual", {}, date(2027, 1, 31)),
        ("monthly, on the last day of the month", {"billing_frequency": "monthly"}, DAY),
        ("multi-year, not told", {"billing_frequency": "multi_year"}, None),
        ("multi-year, told", {"billing_frequency": "multi_year", "renews_on": date(2028, 2, 1)}, date(2028, 2, 1)),
        ("multi-year, past", {"billing_frequency": "multi_year", "renews_on": date(2026, 2, 1)}, None),
        ("frequency unknown", {"billing_frequency": ""}, None),
    ],
)
def test_the_coming_renewal(acme: Account, case: str, values: dict[str, object], renews_on: date | None) -> None:
    subscription(acme, date(2025, 1, 31) if "told" in case else date(2026, 1, 31), **values)

    found = facts(acme)

    assert found.renews_on == renews_on, case
    assert found.days_to_renewal == ((renews_on - DAY).days if renews_on else None)


def test_the_first_renewal_is_never_the_start_itself(acme: Account) -> None:
    subscription(acme, DAY, billing_frequency="annual")

    assert facts(acme).renews_on == date(2027, 3, 31)


def test_the_earliest_renewal_of_several_is_the_coming_one(acme: Account) -> None:
    subscription(acme, date(2026, 1, 1), renews_on=date(2026, 9, 1))
    subscription(acme, date(2026, 1, 1), renews_on=date(2026, 6, 1))
    subscription(acme, date(2026, 1, 1), renews_on=date(2026, 4, 1), is_trial=True)

    assert facts(acme).renews_on == date(2026, 6, 1)


def test_more_users_than_seats_is_told_as_it_is(acme: Account) -> None:
    subscription(acme, date(2026, 1, 1), seats=2)
    for _ in range(3):
        sign_in(acme, [DAY], ContactFactory(account=acme))

    assert facts(acme).seat_utilisation == Decimal("1.5000")


def test_a_day_before_sign_up_has_no_days_since(acme: Account) -> None:
    assert facts(acme, date(2025, 12, 31)).days_since_sign_up is None
    assert facts(acme, date(2026, 1, 1)).days_since_sign_up == 0
