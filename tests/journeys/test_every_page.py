"""Every list: empty, crowded, under names that nobody would wish for; and without JavaScript."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.segments.shipped import SHIPPED as SEGMENTS
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.campaigns.ready import READY_MADE
from rewards.catalogue.shipped import SHIPPED as REWARDS
from rewards.offers.models import Offer
from tests.factories import PersonFactory
from tests.factories.people import PASSWORD
from tests.journeys.crowd import ATTACK, MANY, UNWISHED, fill
from tests.journeys.doors import Product
from tests.journeys.visitor import Visitor

# What an empty list says first; None where something always stands there.
LISTS = {
    "/": "No offer waits for you",
    "/offers/": "Nothing waits for you",
    "/changes/": "No change requests here",
    "/accounts/": "No accounts yet",
    "/segments/": "No segments here",
    "/segments/scores/": "No cut points yet",
    "/campaigns/": "No campaigns yet",
    "/milestones/": "No milestones here",
    "/milestones/streaks/": "None here",
    "/milestones/tracks/": "None here",
    "/rewards/": "No rewards here",
    "/rewards/fit/": "No rule yet",
    "/tiers/": "No tiers yet",
    "/milestones/key-actions/": "No key actions yet",
    "/caps/": "No cap is set",
    "/liability/": "Nothing is owed",
    "/liability/forecast/": "Nothing is expected",
    "/liability/left/": "Nothing is left",
    "/liability/moved/": "Nothing moved it",
    "/liability/rates/": "No rate is kept yet",
    "/affordability/": "Nothing can be reckoned yet",
    "/ledger/": "The books are open, and empty",
    "/sources/": "No source yet",
    "/events/": "Nothing came in yet",
    "/search/": "Type at least two letters",
}
# Crowded lists: the address, and how many rows its first page has.
CROWDED = {
    "/": 3,
    "/offers/?view=granted": 50,
    "/changes/": 50,
    "/accounts/": 50,
    "/campaigns/": MANY + len(READY_MADE),
    "/milestones/": MANY + 4,
    "/milestones/streaks/": MANY + 2,
    "/milestones/tracks/": MANY + 1,
    "/rewards/": MANY + len(REWARDS),
    "/segments/": MANY + len(SEGMENTS),
    "/caps/": MANY,
    "/ledger/": 50,
    "/sources/": MANY + 1,
    "/events/?outcome=refused-item": 50,
    "/audit/": 50,
}


@pytest.fixture
def everybody(db: None) -> User:
    """Somebody who sits in every function, and administers."""
    return PersonFactory(username="eve", functions=list(Function), is_administrator=True)


@pytest.fixture
def colleague(db: None) -> User:
    """Who decides what the other proposed."""
    return PersonFactory(username="col", functions=list(Function))


def test_an_empty_list_says_why_and_what_next(enter: Callable[[], Visitor], everybody: User) -> None:
    eve = enter()
    eve.sign_in(everybody.username, PASSWORD)
    for path, words in LISTS.items():
        eve.go(path)
        expect(eve.page.get_by_text(words).first).to_be_visible()
        eve.inspect(f"empty{path.replace('/', '-')}")


@pytest.mark.usefixtures("campaign")
def test_a_crowded_list_fits(
    enter: Callable[[], Visitor], customers_product: Product, everybody: User, colleague: User
) -> None:
    fill(customers_product, everybody, colleague)
    eve = enter()
    eve.sign_in(everybody.username, PASSWORD)
    for path, rows in CROWDED.items():
        eve.go(path)
        expect(eve.page.locator("[data-keys-list] [data-row]")).to_have_count(rows)
        eve.inspect(f"crowded{path.replace('/', '-').partition('?')[0]}", briefly=True)
    assert eve.page.evaluate("window.attacked") is None


@pytest.mark.usefixtures("campaign")
def test_what_is_opened_shows_names_as_they_are(
    enter: Callable[[], Visitor], customers_product: Product, everybody: User, colleague: User
) -> None:
    fill(customers_product, everybody, colleague, many=len(UNWISHED))
    eve = enter()
    eve.sign_in(everybody.username, PASSWORD)
    for path in (
        "/offers/",
        "/accounts/",
        "/milestones/",
        "/segments/",
        "/changes/",
        "/events/?outcome=event",
        "/audit/",
    ):
        _open(eve, path, ATTACK)
    for name in UNWISHED:
        _open(eve, "/offers/", name)
        eve.page.get_by_role("complementary", name="Detail").get_by_role("link", name=name).first.click()
        expect(eve.page.get_by_role("heading", level=1)).to_have_text(name)
        eve.inspect(f"account-{UNWISHED.index(name)}", briefly=True)
    assert eve.page.evaluate("window.attacked") is None


def _open(eve: Visitor, path: str, name: str) -> None:
    """Open what has the name beside its list, and look at it."""
    eve.go(path)
    eve.page.locator("[data-keys-list] [data-row]").filter(has_text=name).locator("[data-open]").first.click()
    beside = eve.page.get_by_role("complementary", name="Detail")
    expect(beside.locator("[data-row]")).to_be_visible()
    eve.inspect(f"opened{path.replace('/', '-').partition('?')[0]}{UNWISHED.index(name)}", briefly=True)
    assert beside.locator("script, b").count() == 0


@pytest.mark.usefixtures("campaign")
def test_without_javascript_an_offer_is_read_and_approved(
    enter: Callable[..., Visitor], customers_product: Product, cs: User
) -> None:
    customers_product.knows("northwind", "Northwind Traders")
    customers_product.reports("northwind")
    plain = enter(scripts=False)
    plain.sign_in(cs.username, PASSWORD)
    plain.follow("Queue")
    plain.page.get_by_role("link", name="Northwind Traders").click()
    offer = plain.page.get_by_role("region", name="Offer to Northwind Traders")
    expect(offer.get_by_role("region", name="Why this offer")).to_contain_text("for the first time")
    plain.allow = {422}
    offer.get_by_role("button", name="Reject").click()
    expect(offer.get_by_text("Say why")).to_be_visible()
    offer.get_by_role("button", name="Approve").click()
    expect(plain.announced("Approved. It now waits for Finance.")).to_be_visible()
    assert Offer.objects.get().awaits == [Function.FINANCE.value]
    plain.follow("Queue")
    expect(plain.page.get_by_text("Nothing waits for you").first).to_be_visible()
