"""Caps that last for the term of an account's contract, by what subscriptions tell."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.records.models import Account
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.periods import Period, year_of
from rewards.caps.askers import askers_of
from rewards.caps.models import CapPeriod
from rewards.caps.rules import CapPeriodKind, CapScope, period_of
from rewards.caps.setting import NewCap, create_cap
from rewards.caps.verbs import reserve
from tests.factories import AccountFactory, CapFactory, OfferFactory, SubscriptionFactory, SubscriptionTermFactory
from tests.faults.clients import request_for

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def contract(account: Account, starts_on: date, external_id: str = "main", **told: object) -> None:
    subscription = SubscriptionFactory(account=account, starts_on=starts_on, external_id=f"{external_id}-{account.pk}")
    SubscriptionTermFactory(subscription=subscription, **told)


def term(account: Account, day: date) -> Period | None:
    return askers_of([account.pk], day)[account.pk].term


def test_an_annual_contract_turns_at_its_renewal() -> None:
    account = AccountFactory()
    contract(account, date(2025, 3, 15))
    first, second = Period(date(2025, 3, 15), date(2026, 3, 15)), Period(date(2026, 3, 15), date(2027, 3, 15))
    assert term(account, date(2025, 3, 14)) is None
    assert [term(account, date(2025, 3, 15)), term(account, date(2026, 3, 14))] == [first, first]
    assert [term(account, date(2026, 3, 15)), term(account, date(2027, 3, 14))] == [second, second]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"billing_frequency": "monthly"}, (date(2026, 10, 31), date(2026, 11, 30))),
        ({"renews_on": date(2027, 1, 13)}, (date(2026, 1, 13), date(2027, 1, 13))),
        ({"ends_on": date(2026, 12, 1)}, (date(2026, 8, 31), date(2026, 12, 1))),
        ({"billing_frequency": "", "renews_on": date(2028, 8, 31)}, (date(2025, 8, 31), date(2028, 8, 31))),
        ({"billing_frequency": "", "renews_on": date(2026, 8, 1)}, (date(2026, 8, 1), date(9999, 1, 1))),
        ({"ends_on": date(2026, 11, 22)}, None),
        ({"is_trial": True}, None),
    ],
)
def test_the_term_follows_what_is_told(told: dict[str, object], expected: tuple[date, date] | None) -> None:
    account = AccountFactory()
    contract(account, date(2025, 8, 31), **told)
    assert term(account, date(2026, 11, 22)) == (Period(*expected) if expected else None)


def test_the_largest_contract_counts() -> None:
    account = AccountFactory()
    contract(account, date(2026, 1, 1), "small", mrr=Decimal(10), billing_frequency="monthly")
    contract(account, date(2026, 5, 1), "large", mrr=Decimal(900))
    assert term(account, date(2026, 11, 22)) == Period(date(2026, 5, 1), date(2027, 5, 1))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CapPeriodKind), DAYS, st.none() | st.tuples(DAYS, st.integers(1, 900)))
def test_the_database_has_the_same_periods(kind: CapPeriodKind, day: date, told: tuple[date, int] | None) -> None:
    agreed = Period(told[0], told[0] + timedelta(days=told[1])) if told else None
    span = period_of(kind, day, agreed)
    ends = (agreed.starts_on, agreed.ends_on) if agreed else (None, None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cap_starts_on(%s, %s, %s::date), cap_ends_on(%s, %s, %s::date)",
            [kind.value, day, ends[0], kind.value, day, ends[1]],
        )
        assert cursor.fetchone() == (span.starts_on, span.ends_on)


def test_a_cap_starts_anew_with_the_next_term(finance: User, signed_in_as: SignIn) -> None:
    offer = OfferFactory()
    contract(offer.account, date(2025, 3, 15))
    cap = CapFactory(scope="account", scope_key=str(offer.account_id), period="contract_term", limit=Decimal(300))
    last, first = date(2026, 3, 14), date(2026, 3, 15)

    def asked(day: date) -> bool:
        again = OfferFactory(account=offer.account)
        whose = askers_of([offer.account_id], day)[offer.account_id]
        return reserve([replace(request_for(again), day=day, term=whose.term)])[again.pk].ok

    assert [asked(last), asked(last), asked(first), asked(first)] == [True, False, True, False]
    assert set(CapPeriod.objects.values_list("starts_on", "ends_on", "reserved")) == {
        (date(2025, 3, 15), first, Decimal(300)),
        (first, date(2027, 3, 15), Decimal(300)),
    }
    client = signed_in_as(finance)
    assert "until 15 Mar 2027" in client.get(f"/caps/{cap.pk}/?period=2026-03-15").content.decode()
    assert client.get("/caps/").status_code == 200


def test_a_new_one_counts_in_what_its_term_holds_already(finance: User) -> None:
    offer = OfferFactory()
    OfferFactory()
    account = offer.account
    today = offer.proposed_at.date()
    terms = NewCap("One", CapScope.ACCOUNT, str(account.pk), CapPeriodKind.CONTRACT_TERM, Decimal(900), True)
    contract(account, today - timedelta(days=40))
    cap = create_cap(terms, acting_user=finance)
    period = cap.periods.get()
    assert (period.starts_on, period.reserved) == (today - timedelta(days=40), offer.discount_equivalent)
    assert term(AccountFactory(), today) is None
    assert period_of(CapPeriodKind.CONTRACT_TERM, today) == year_of(today)


def test_only_an_account_has_a_contract(finance: User, signed_in_as: SignIn) -> None:
    terms = NewCap("All", CapScope.PROGRAMME, "", CapPeriodKind.CONTRACT_TERM, Decimal(900), True)
    with pytest.raises(DomainError, match="Only a cap on one account"):
        create_cap(terms, acting_user=finance)
    typed = {"scope": "programme", "name": "All", "period": "contract_term", "measure": "value", "limit": "9"}
    page = signed_in_as(finance).post("/caps/new/", typed | {"at_the_cap": "refuse"}).content.decode()
    assert "Only a cap on one account can last for the term of its contract." in page
    assert "Select a valid choice" in page
    assert "contract_term" not in page.split("Select a valid choice")[0]
    assert "the calendar year stands for it" in signed_in_as(finance).get("/caps/new/?scope=account").content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        CapFactory(period="contract_term")
