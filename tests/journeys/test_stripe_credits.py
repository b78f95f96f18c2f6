"""Finance connects Stripe, lets credit lower invoices by it, and sends again what Stripe did not take."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings
from django.utils import timezone
from playwright.sync_api import expect

from accounts.records.models import Invoice
from loyalty.core.people.models import User
from rewards.delivery.invoices.sending import send_balance_changes
from rewards.delivery.invoices.settling import settle_invoices
from tests.factories import AccountFactory
from tests.factories.grants import granted
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor
from tests.rewards.delivery.stripe_api import KEY, READER, StripeStandIn, serving


@pytest.fixture
def stripe(settings: LazySettings) -> Iterator[StripeStandIn]:
    with serving() as stand_in:
        settings.STRIPE_API = stand_in.address
        yield stand_in


def work() -> None:
    """What the worker does every few seconds."""
    settle_invoices(timezone.now())
    send_balance_changes()


def test_stripe_is_connected_refuses_a_credit_and_takes_it_when_asked_again(
    enter: Callable[[], Visitor], stripe: StripeStandIn, transactional_db: None, finance: User
) -> None:
    fay = enter()
    page = fay.page
    fay.sign_in(finance.username, PASSWORD)
    fay.go("/settings/billing/")
    expect(page.get_by_text("Stripe is not connected")).to_be_visible()
    key = page.get_by_role("region", name="Key").get_by_role("textbox")
    key.fill(READER)
    fay.allow = {422}
    page.get_by_role("button", name="Try and connect").click()
    expect(key).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("does not let this key")).to_be_visible()
    key.fill(KEY)
    page.get_by_role("button", name="Try and connect").click()
    expect(page.get_by_role("region", name="Connection")).to_contain_text(f"…{KEY[-4:]}")
    expect(page.get_by_text("None: the key is of a sandbox")).to_be_visible()
    fay.inspect("billing-connected")

    page.get_by_role("link", name="Credits on invoices").click()
    page.get_by_label("By Stripe", exact=False).check()
    page.get_by_label("Reason").fill("No more files")
    page.get_by_role("button", name="Save or propose").click()
    expect(fay.announced("Saved.")).to_be_visible()

    now, account = timezone.now(), AccountFactory(name="Northwind Traders")
    granted("30.00", account=account, issued_on=now.date(), days=60)
    told = {"status": "draft", "due": 100, "paid": 0, "currency": "USD", "issued_at": now, "told_at": now}
    Invoice.objects.create(
        account=account, external_id="in_1", number="A-0001", customer="cus_9", cause="subscription_cycle", **told
    )
    work()
    fay.go("/ledger/invoices/?view=not_lowered")
    page.get_by_role("link", name="A-0001").click()
    expect(page.get_by_text("Stripe did not take this credit; it is the customer’s again.")).to_be_visible()
    expect(page.get_by_role("cell", name="No such customer").first).to_be_visible()
    fay.inspect("credit-refused")

    stripe.customer("cus_9")
    page.get_by_role("button", name="Send again").click()
    expect(fay.announced("Stripe is asked again within seconds.")).to_be_visible()
    work()
    page.reload()
    expect(page.get_by_role("region", name="Amounts")).to_contain_text("$30.00")
    expect(page.get_by_text("Applied").first).to_be_visible()
    expect(page.get_by_role("button", name="Send again")).to_have_count(0)
    assert stripe.ours("cus_9") == [-3000]
    page.get_by_role("link", name="Posting").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
