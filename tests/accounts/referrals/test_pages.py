"""The page of referrals: who referred whom, whether they paid, and the offer that it made."""

import csv
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.records.models import Account
from accounts.referrals.models import Referral
from accounts.referrals.verbs import detect_referrals
from loyalty.core.people.models import User
from tests.accounts.referrals.test_referrals import NOW, bill
from tests.factories import AccountFactory, OfferFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def browser(cs: User, signed_in_as: SignIn) -> Client:
    return signed_in_as(cs)


@pytest.fixture
def told() -> dict[str, Account]:
    """Acme referred Beta, who paid, and Gamma, who did not yet; nobody here has the id that Delta names."""
    acme = AccountFactory(name="Acme", external_id="acme")
    referred = {
        "Beta": AccountFactory(name="Beta", external_id="beta", referred_by="acme", signed_up_on=date(2026, 1, 5)),
        "Gamma": AccountFactory(name="Gamma", external_id="gamma", referred_by="acme", signed_up_on=date(2026, 2, 5)),
        "Delta": AccountFactory(name="Delta", external_id="delta", referred_by="gone", signed_up_on=None),
    }
    AccountFactory(name="Itself", external_id="itself", referred_by="itself")
    bill(referred["Beta"], NOW - timedelta(days=1))
    detect_referrals(None, now=NOW)
    referral = Referral.objects.get()
    OfferFactory(account=acme, cause_key=f"referral:{referral.pk}", reward_name="Referral credit")
    OfferFactory(account=acme, cause_key="referral:999999", reward_name="Of another one")
    return {"Acme": acme, **referred}


def shown(browser: Client, query: str = "") -> list[tuple[str, str, bool, list[str]]]:
    lines: Any = browser.get(f"/accounts/referrals/{query}").context["lines"]
    return [
        (x.referred.name, x.referrer.name if x.referrer else "", bool(x.converted), [o.label for o in x.offers])
        for x in lines
    ]


def test_the_newest_first_with_what_came_of_each(browser: Client, told: dict[str, Account]) -> None:
    beta, gamma = ("Beta", "Acme", True, ["Referral credit"]), ("Gamma", "Acme", False, [])
    delta = ("Delta", "", False, [])
    assert shown(browser) == [gamma, beta, delta]
    assert shown(browser, "?paid=yes") == [beta]
    assert shown(browser, "?paid=no") == [gamma, delta]
    assert shown(browser, f"?account={told['Acme'].pk}") == [gamma, beta]
    assert shown(browser, f"?account={told['Gamma'].pk}") == [gamma]
    page = browser.get("/accounts/referrals/").content.decode()
    assert "no account has this id" in page
    assert "in approval" in page


def test_as_csv(browser: Client, told: dict[str, Account]) -> None:
    response: Any = browser.get("/accounts/referrals/?paid=yes&format=csv")
    (row,) = csv.DictReader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig")))
    assert row == {
        "referrer": "Acme",
        "referrer_external_id": "acme",
        "referred": "Beta",
        "referred_external_id": "beta",
        "signed_up_on": "2026-01-05",
        "first_invoice_paid_at": "2026-03-19T09:00:00+00:00",
        "offers": "Referral credit",
        "offer_states": "in approval",
    }


def test_none_yet_says_what_to_send(browser: Client) -> None:
    page = browser.get("/accounts/referrals/").content.decode()
    assert "No referrals yet" in page
    assert "referred_by" in page
    assert "No referral matches" in browser.get("/accounts/referrals/?paid=yes").content.decode()


def test_the_accounts_on_both_sides_tell_it_and_the_list_leads_there(browser: Client, told: dict[str, Account]) -> None:
    acme, beta, delta = (
        browser.get(f"/accounts/{told[name].pk}/").content.decode() for name in ("Acme", "Beta", "Delta")
    )
    assert f'Referred <a href="/accounts/{told["Beta"].pk}/">' in acme
    assert "no invoice paid yet" in acme
    assert "Referral credit" in acme
    assert f'Referred by <a href="/accounts/{told["Acme"].pk}/">' in beta
    assert "which no account has as its id" in delta
    assert 'href="/accounts/referrals/"' in browser.get("/accounts/").content.decode()


def test_as_many_questions_for_many_as_for_one(browser: Client, told: dict[str, Account]) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        browser.get("/accounts/referrals/")
    for n in range(20):
        bill(AccountFactory(referred_by="acme", external_id=f"more-{n}"), NOW - timedelta(days=1))
    detect_referrals(None, now=NOW)
    with CaptureQueriesContext(connection) as many:
        browser.get("/accounts/referrals/")
    assert len(many) == len(few)
