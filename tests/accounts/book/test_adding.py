"""An account with no more than a name gets facts, and unknown stays unknown."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.facts.models import AccountFacts
from accounts.records.models import Account
from accounts.sources.rules import Kind
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from tests.factories import AccountFactory, SourceFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/accounts/new/"
ACME = {"name": " Acme ", "industry": "Retail", "employee_count": "40", "goals": "Fewer spreadsheets"}


def test_it_gets_facts_right_away(cs: User, signed_in_as: Callable[[User], Client]) -> None:
    response = signed_in_as(cs).post(ADDRESS, ACME)
    account = Account.objects.get()
    assert response["Location"] == f"/accounts/{account.pk}/"
    assert (account.name, account.industry, account.employee_count, account.goals, account.cs_manager) == (
        *("Acme", "Retail", 40, "Fewer spreadsheets"),
        cs,
    )
    facts = AccountFacts.objects.get()
    assert (facts.account, facts.day) == (account, timezone.now().date())
    assert (facts.mrr, facts.seats_bought, facts.plan_segment, facts.nps, facts.days_since_sign_in) == (None,) * 5
    line = AuditLine.objects.get(verb="created")
    assert (line.object_label, line.actor) == ("Acme", cs)


def test_where_a_source_tells_of_accounts_it_is_refused(cs: User, signed_in_as: Callable[[User], Client]) -> None:
    SourceFactory(name="CRM", kinds=[Kind.ACCOUNT])
    client = signed_in_as(cs)
    assert "CRM is the system of record for accounts" in client.get(ADDRESS).content.decode()
    assert (client.post(ADDRESS, ACME).status_code, Account.objects.count()) == (422, 0)


@pytest.mark.parametrize(("field", "value"), [("name", " "), ("employee_count", "-1"), ("external_id", "taken")])
def test_what_cannot_be_is_refused(field: str, value: str, cs: User, signed_in_as: Callable[[User], Client]) -> None:
    AccountFactory(external_id="taken")
    assert signed_in_as(cs).post(ADDRESS, ACME | {field: value}).status_code == 422
    assert Account.objects.count() == 1


def test_only_customer_success_adds(finance: User, signed_in_as: Callable[[User], Client]) -> None:
    assert (signed_in_as(finance).post(ADDRESS, ACME).status_code, Account.objects.count()) == (403, 0)
