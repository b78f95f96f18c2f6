"""Tiers and referrals in a browser: who would move and at what cost before it is saved, and who is about to fall."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from accounts.records.models import Account
from accounts.referrals.verbs import detect_referrals
from accounts.tiers.following import place_all
from loyalty.core.people.models import User
from tests.accounts.referrals.test_referrals import bill
from tests.accounts.tiers.test_following import scheme
from tests.factories import AccountFactory
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor


def use(account: Account, *seats: int) -> None:
    """Active seats of the last days, the last of them today."""
    today = timezone.now().date()
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [today - timedelta(days=len(seats)), today])
        for back, value in enumerate(reversed(seats)):
            cursor.execute(
                "INSERT INTO accounts_accountfacts (day, account_id, seats_active, arr) VALUES (%s, %s, %s, 12000)",
                [today - timedelta(days=back), account.pk, value],
            )


@pytest.mark.usefixtures("transactional_db")
def test_a_threshold_shows_who_moves_before_it_is_saved(enter: Callable[[], Visitor], product: User, cs: User) -> None:
    scheme(grace_days=90)
    exactly, falls = AccountFactory(name="Exactly Hundred"), AccountFactory(name="Falls Soon", cs_manager=cs)
    use(exactly, 100, 100)
    use(falls, 30, 5)
    today = timezone.now().date()
    place_all(today - timedelta(days=1), today)

    priya = enter()
    priya.sign_in(product.username, PASSWORD)
    priya.go(f"/accounts/{exactly.pk}/")
    expect(priya.page.get_by_role("list", name="Tier and segments").get_by_text("Gold")).to_be_visible()
    priya.follow("Tiers")
    expect(priya.page.get_by_role("region", name="About to fall").get_by_text("Falls Soon")).to_be_visible()
    priya.inspect("tiers")
    priya.page.get_by_role("link", name="Propose an edit").click()
    priya.page.get_by_label("From").nth(2).fill("100")
    expect(priya.page.locator("#preview")).to_contain_text("Gold → Platinum: 1 account.")
    expect(priya.page.locator("#preview")).to_contain_text("Moves 1 account: Exactly Hundred.")
    expect(priya.page.locator("#preview")).to_contain_text("Renewal credits of a year:")
    priya.inspect("tiers-edit")
    priya.page.get_by_label("Reason").fill("A hundred seats are many")
    priya.page.get_by_role("button", name="Propose").click()
    expect(priya.announced("A member of Product who is not you decides it.")).to_be_visible()

    leila = enter()
    leila.sign_in(cs.username, PASSWORD)
    morning = leila.page.get_by_role("region", name="About to step down")
    expect(morning).to_contain_text("Gold to Silver on")
    leila.inspect("home-stepping-down")
    morning.get_by_role("link", name="In the list of accounts").click()
    expect(leila.page.locator("[data-keys-list] [data-row]")).to_have_count(1)
    leila.inspect("accounts-stepping-down", briefly=True)
    leila.page.get_by_role("link", name="Falls Soon").click()
    beside = leila.page.get_by_role("complementary", name="Detail")
    expect(beside.get_by_text("About to step down: Gold to Silver")).to_be_visible()


@pytest.mark.usefixtures("transactional_db")
def test_referrals_are_found_from_the_accounts(enter: Callable[[], Visitor], cs: User) -> None:
    acme = AccountFactory(name="Acme", external_id="acme")
    beta = AccountFactory(name="Beta", referred_by="acme")
    AccountFactory(name="Gamma", referred_by="acme")
    bill(beta, timezone.now() - timedelta(days=1))
    detect_referrals(None)

    leila = enter()
    leila.sign_in(cs.username, PASSWORD)
    leila.follow("Accounts")
    leila.page.get_by_role("link", name="Referrals", exact=True).click()
    expect(leila.page.locator("[data-keys-list] [data-row]")).to_have_count(2)
    leila.inspect("referrals")
    leila.page.get_by_role("link", name="Paid its first invoice").click()
    expect(leila.page.locator("[data-keys-list] [data-row]")).to_have_count(1)
    leila.page.get_by_role("link", name="Acme").click()
    told = leila.page.get_by_role("region", name="Referrals", exact=True)
    expect(told.get_by_role("link", name="Gamma")).to_be_visible()
    leila.inspect("account-referrals", briefly=True)
    assert leila.page.url.endswith(f"/accounts/{acme.pk}/")
