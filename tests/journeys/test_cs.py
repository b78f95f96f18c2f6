"""Customer Success decides from the queue with the keyboard alone, and only its own step."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from loyalty.core.people.models import User
from rewards.approvals.models import ApprovalStep, StepState
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState
from tests.factories.people import PASSWORD
from tests.journeys.doors import Product, make_source
from tests.journeys.visitor import Visitor

NO_REASON = "Say why, so that the campaign’s owner can learn from it."


@pytest.fixture
def customers_product(enter: Callable[[], Visitor], administrator: User) -> Product:
    """The product of the customers, with the key of a source that the administrator made in the browser."""
    window = enter()
    window.sign_in(administrator.username, PASSWORD)
    key = make_source(window, "Customer data platform", ["Accounts (CRM)", "Usage (product, CDP)"])
    return Product(window.address, key)


@pytest.fixture
def queue(enter: Callable[[], Visitor], campaign: object, customers_product: Product, cs: User) -> Visitor:
    """CS before the queue, with two customers that reached the milestone while CS was at home."""
    window = enter()
    window.sign_in(cs.username, PASSWORD)
    expect(window.page.get_by_role("heading", name="No offer waits for you")).to_be_visible()
    for account, name in (("northwind", "Northwind Traders"), ("contoso", "Contoso Works")):
        customers_product.knows(account, name, createdAt="2026-01-05")
        customers_product.reports(account, report="Churn by region")
    window.follow("Queue")
    expect(window.page.get_by_text("2 offers wait for you, worth $600.00.")).to_be_visible()
    return window


def test_an_offer_is_read_and_approved_by_keyboard_and_then_waits_for_finance(queue: Visitor) -> None:
    page, press = queue.page, queue.page.keyboard.press
    press("j")
    expect(page.get_by_role("link", name="Northwind Traders")).to_be_focused()
    press("Enter")
    offer = page.get_by_role("region", name="Offer to Northwind Traders")
    why = offer.get_by_role("region", name="Why this offer")
    expect(why.get_by_role("listitem").first).to_contain_text("“Custom Report Generated” for the first time, on")
    steps = offer.get_by_role("region", name="Who decides").get_by_role("listitem")
    expect(steps.nth(0)).to_contain_text("owns the campaign “First custom report”")
    expect(steps.nth(1)).to_contain_text("is above the Finance threshold")
    queue.inspect("queue-open")

    press("a")
    expect(queue.announced("Approved. It now waits for Finance.")).to_be_visible()
    expect(page.get_by_text("1 offer waits for you, worth $300.00.")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Queue")).to_contain_text("1 waiting")
    expect(offer.get_by_text("Finance decides this step.")).to_be_visible()
    expect(offer.get_by_role("button", name="Approve")).to_have_count(0)
    press("a")
    press("r")
    decided = Offer.objects.get(account__name="Northwind Traders")
    assert (decided.state, decided.awaits) == (OfferState.IN_APPROVAL.value, ["finance"])
    assert list(decided.steps.order_by("position").values_list("function", "state")) == [
        ("cs", StepState.APPROVED.value),
        ("finance", StepState.WAITING.value),
    ]

    press("Escape")
    expect(page.get_by_role("link", name="Northwind Traders")).to_be_focused()
    expect(offer).to_have_count(0)


def test_a_rejection_asks_for_its_reason_beside_the_field(queue: Visitor) -> None:
    page, press = queue.page, queue.page.keyboard.press
    press("j")
    press("j")
    press("o")
    offer = page.get_by_role("region", name="Offer to Contoso Works")
    expect(offer).to_be_visible()
    queue.allow = {422}
    note = offer.get_by_label("Note")
    # As when its corner is pulled: what comes in its place must not copy the style, which the CSP refuses.
    note.evaluate("field => { field.style.height = '120px' }")
    press("r")
    expect(note).to_have_attribute("aria-invalid", "true")
    expect(note).to_be_focused()
    expect(offer.get_by_text(NO_REASON)).to_be_visible()
    assert ApprovalStep.objects.exclude(state=StepState.WAITING.value).count() == 0
    queue.inspect("queue-refused")

    note.fill("They are leaving; a credit would be lost on them")
    offer.get_by_role("button", name="Reject").click()
    expect(queue.announced("Rejected.")).to_be_visible()
    expect(offer.get_by_text("They are leaving; a credit would be lost on them")).to_be_visible()
    assert Offer.objects.get(account__name="Contoso Works").state == OfferState.REJECTED.value


def test_the_keys_are_explained_and_can_be_switched_off(queue: Visitor) -> None:
    page, press = queue.page, queue.page.keyboard.press
    press("j")
    press("Enter")
    offer = page.get_by_role("region", name="Offer to Northwind Traders")
    expect(offer).to_be_visible()
    press("?")
    told = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(told.get_by_text("Approve")).to_be_visible()
    told.get_by_label("Single-key shortcuts on").uncheck()
    press("Escape")
    expect(told).to_be_hidden()
    press("a")
    press("j")
    expect(page.get_by_role("table", name="Offers").get_by_role("link", name="Northwind Traders")).to_be_focused()
    assert ApprovalStep.objects.exclude(state=StepState.WAITING.value).count() == 0
