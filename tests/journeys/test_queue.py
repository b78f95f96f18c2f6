"""A morning at the queue without the mouse: one by one, with a reason, put aside, taken back, and 500 in bulk."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.offers.models import Grant, Offer
from tests.factories import AccountFactory, CampaignFactory, OfferFactory
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor

MANY = 500


@pytest.fixture
def at_the_queue(enter: Callable[[], Visitor], cs: User) -> Callable[[], Visitor]:
    """CS signs in and goes to the queue, which waits for the offers that a test makes before."""

    def go() -> Visitor:
        window = enter()
        window.sign_in(cs.username, PASSWORD)
        window.follow("Queue")
        expect(window.page.get_by_role("table", name="Offers")).to_be_visible()
        window.page.wait_for_load_state("load")
        return window

    return go


def offers(count: int, *functions: Function) -> list[Offer]:
    """Offers of one campaign, the first with the most at stake."""
    campaign = CampaignFactory(name="First report")
    return [
        OfferFactory(
            campaign=campaign,
            account=AccountFactory(name=f"Company {n:03}"),
            functions=list(functions),
            at_stake=Decimal(count - n),
            stake={"arr": str(1000 * (count - n)), "health": "poor", "nps": "3"},
        )
        for n in range(count)
    ]


def test_five_hundred_offers_without_the_mouse(at_the_queue: Callable[[], Visitor], transactional_db: None) -> None:
    offers(MANY, Function.CS)
    window = at_the_queue()
    page, press = window.page, window.page.keyboard.press
    expect(page.get_by_text(f"{MANY} offers wait for you, worth $150,000.00.")).to_be_visible()
    expect(page.get_by_text("$500,000.00 ARR, poor health: NPS 3")).to_be_visible()
    for left in range(MANY - 50, -1, -50):
        press("Shift+X")
        expect(page.get_by_text("50 chosen", exact=True).first).to_be_visible()
        press("a")
        summary = page.get_by_role("region", name="Approve the chosen offers")
        expect(summary).to_contain_text("Granted at once: 50 offers, worth $15,000.00")
        if left == MANY - 50:
            window.inspect("queue-many", briefly=True)
        press("a")
        words = f"{left} offer{'s wait' if left != 1 else ' waits'} for you" if left else "Nothing waits for you."
        expect(page.locator("#queue-summary")).to_contain_text(words)
        expect(page.get_by_role("region", name="What came of it")).to_contain_text("50 offers approved: 50 granted.")
    expect(page.locator("#queue-list").get_by_text("Nothing waits for you")).to_be_visible()
    assert Grant.objects.count() == MANY
    assert window.complaints == []


def test_one_by_one_with_a_reason_put_aside_and_taken_back(
    at_the_queue: Callable[[], Visitor], transactional_db: None
) -> None:
    first, second, third = offers(3, Function.CS, Function.FINANCE)
    window = at_the_queue()
    page, press, typed = window.page, window.page.keyboard.press, window.page.keyboard.type
    press("j")
    expect(page.get_by_role("link", name="Company 000")).to_be_focused()
    # Nothing is decided that is not looked at: the first press opens it.
    press("a")
    expect(page.get_by_role("region", name="Offer to Company 000")).to_be_visible()
    window.inspect("queue-offer")
    press("a")
    expect(window.announced("Approved. It now waits for Finance.")).to_be_visible()
    press("u")
    expect(window.announced("Taken back. It waits for you again.")).to_be_visible()
    first.refresh_from_db()
    assert first.awaits == ["cs"]

    press("j")
    expect(page.get_by_role("region", name="Offer to Company 001")).to_be_visible()
    press("s")
    expect(page.get_by_label("Until")).to_be_focused()
    page.get_by_role("textbox", name="Reason").first.focus()
    typed("Their budget opens in spring")
    press("Enter")
    expect(page.get_by_text("Their budget opens in spring")).to_be_visible()
    second.refresh_from_db()
    assert second.snooze_reason == "Their budget opens in spring"

    press("Escape")
    press("j")
    press("x")
    expect(page.get_by_text("1 chosen", exact=True).first).to_be_visible()
    window.allow = {422}
    press("r")
    page.get_by_role("region", name="Reject the chosen offers").wait_for()
    press("r")
    note = page.get_by_role("region", name="Reject the chosen offers").get_by_label("Reason")
    expect(note).to_be_focused()
    typed("They are leaving")
    press("Escape")
    press("r")
    expect(page.get_by_role("region", name="What came of it")).to_contain_text("1 offer rejected.")
    assert Offer.objects.get(state="rejected") in (first, third)
    window.inspect("queue-undo", briefly=True)
    press("u")
    expect(page.get_by_role("region", name="What came of it")).to_contain_text("1 offer taken back")
    assert not Offer.objects.filter(state="rejected").exists()

    # What empties the list can be undone as well.
    press("Shift+X")
    expect(page.get_by_text("2 chosen", exact=True).first).to_be_visible()
    press("r")
    page.get_by_role("region", name="Reject the chosen offers").get_by_label("Reason").fill("They are leaving")
    press("Escape")
    press("r")
    expect(page.get_by_text("Nothing waits for you").last).to_be_visible()
    press("u")
    expect(page.get_by_role("region", name="What came of it")).to_contain_text("2 offers taken back")
