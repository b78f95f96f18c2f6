"""What the facts say of money, seats and renewals: sums over what is active on the day."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.facts.models import AccountFacts
from accounts.facts.verbs import refresh
from accounts.records.models import Account
from accounts.records.subscriptions import tell
from accounts.records.terms import Terms
from tests.accounts.facts.company import moment, sign_in, subscription
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


def step(account: Account, day: date, mrr: int, **values: Any) -> None:
    """From `day` on the one subscription of the account, begun on 2025-01-01, is worth `mrr`."""
    terms = Terms(**{"mrr": Decimal(mrr), "seats": mrr // 10, "billing_frequency": "annual"} | values)
    tell(account, f"step-{account.pk}", terms, from_day=day, starts_on=date(2025, 1, 1), told_at=moment(day))


def test_facts_follow_the_terms_of_their_day(acme: Account) -> None:
    for day, mrr in ((date(2025, 1, 1), 100), (date(2026, 2, 1), 250), (date(2026, 3, 1), 180)):
        step(acme, day, mrr)
    refresh([acme.pk], date(2026, 1, 31), date(2026, 3, 1))

    shown = {f.day: (f.mrr, f.seats_bought) for f in AccountFacts.objects.all()}

    assert shown[date(2026, 1, 31)] == (Decimal(100), 10)
    assert shown[date(2026, 2, 1)] == shown[date(2026, 2, 28)] == (Decimal(250), 25)
    assert shown[date(2026, 3, 1)] == (Decimal(180), 18)


def test_before_its_first_term_a_subscription_was_what_that_term_says(acme: Account) -> None:
    step(acme, date(2026, 3, 1), 180)

    assert facts(acme, date(2025, 6, 1)).mrr == Decimal(180)


def test_an_end_that_is_told_later_leaves_the_days_before_as_they_were(acme: Account) -> None:
    step(acme, date(2025, 1, 1), 100)
    before = facts(acme, date(2026, 3, 9))
    step(acme, date(2026, 3, 10), 100, ends_on=date(2026, 3, 31), is_cancelling=True)

    assert (before.renews_on, before.cancellation_intent) == (date(2027, 1, 1), False)
    assert facts(acme, date(2026, 3, 9)).renews_on == date(2027, 1, 1)
    assert (facts(acme, date(2026, 3, 10)).renews_on, facts(acme, date(2026, 3, 10)).cancellation_intent) == (DAY, True)
    assert (facts(acme, DAY).mrr, facts(acme, DAY).cancellation_intent) == (Decimal(0), False)


@pytest.mark.parametrize(
    ("case", "day", "mrr", "before"),
    [
        ("a year and a day", date(2026, 2, 1), 250, 100),
        ("a leap day has the 28th before it", date(2028, 2, 29), 250, 250),
        ("no subscription was known", date(2025, 12, 31), 100, None),
    ],
)
def test_the_mrr_of_a_year_before(acme: Account, case: str, day: date, mrr: int, before: int | None) -> None:
    step(acme, date(2025, 1, 1), 100)
    step(acme, date(2026, 2, 1), 250)

    found = facts(acme, day)

    assert (found.mrr, found.mrr_year_before) == (mrr, before), case


def test_an_ended_subscription_still_counts_a_year_later(acme: Account) -> None:
    subscription(acme, date(2025, 1, 1), mrr=Decimal(70), ends_on=date(2025, 6, 1))

    assert (facts(acme, date(2026, 5, 31)).mrr, facts(acme, date(2026, 5, 31)).mrr_year_before) == (0, 70)
    assert facts(acme, date(2026, 6, 1)).mrr_year_before == 0


@pytest.mark.parametrize(
    ("case", "values", "months"),
    [
        ("monthly", {"billing_frequency": "monthly"}, 1),
        ("annual", {}, 12),
        ("multi-year", {"billing_frequency": "multi_year", "renews_on": date(2028, 1, 1)}, 36),
        ("multi-year, end told", {"billing_frequency": "multi_year", "ends_on": date(2027, 1, 1)}, 24),
        ("multi-year, not told", {"billing_frequency": "multi_year"}, None),
        ("frequency unknown", {"billing_frequency": ""}, None),
    ],
)
def test_the_length_of_the_contract(acme: Account, case: str, values: dict[str, Any], months: int | None) -> None:
    subscription(acme, date(2025, 1, 1), **values)

    assert facts(acme).contract_months == months, case


def test_a_renewed_contract_is_as_long_as_its_own_term(acme: Account) -> None:
    several = {"billing_frequency": "multi_year"}
    step(acme, date(2025, 1, 1), 100, renews_on=date(2028, 1, 1), **several)
    step(acme, date(2028, 1, 2), 100, renews_on=date(2030, 1, 1), **several)
    step(acme, date(2028, 6, 1), 200, renews_on=date(2030, 1, 1), **several)

    assert facts(acme, date(2027, 12, 31)).contract_months == 36
    assert facts(acme, date(2028, 7, 1)).contract_months == 24


@pytest.mark.parametrize(
    ("day", "months"),
    [
        (date(2025, 1, 30), 0),
        (date(2025, 1, 31), 1),
        (date(2025, 5, 31), 5),
        (date(2025, 7, 31), 5),
        (date(2025, 8, 31), 6),
    ],
)
def test_paid_months_leave_out_trials_and_breaks(acme: Account, day: date, months: int) -> None:
    subscription(acme, date(2024, 12, 1), mrr=Decimal(0), is_trial=True, ends_on=date(2025, 1, 1))
    subscription(acme, date(2025, 1, 1), mrr=Decimal(50), ends_on=date(2025, 6, 1))
    subscription(acme, date(2025, 2, 1), mrr=Decimal(10), ends_on=date(2025, 4, 1))
    subscription(acme, date(2025, 8, 1), mrr=Decimal(50))

    assert facts(acme, day).paid_months == months
