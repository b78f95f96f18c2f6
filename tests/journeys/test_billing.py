"""Finance reads what Stripe tells of an account: movements, a pause, an MRR that is unknown and why, credits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.facts.verbs import refresh_dirty
from accounts.intake.stripe.verbs import take_in
from accounts.records.models import Account
from loyalty.core.people.models import User
from tests.accounts.intake.stripe.objects import Object, customer, discount, event, half, invoice, item, subscription
from tests.accounts.intake.stripe.test_any_order import sender_of_billing
from tests.accounts.intake.stripe.test_credits import credit_note
from tests.factories import AccountFactory
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor


def ago(days: int) -> int:
    return int((datetime.now(UTC) - timedelta(days=days)).timestamp())


@pytest.fixture
def told(transactional_db: None) -> Callable[..., None]:
    """Take Stripe's events in, and work the facts out."""
    sender = sender_of_billing()

    def take(*events: Object) -> None:
        for each in events:
            assert take_in(sender, each, now=datetime.now(UTC)).accepted == 1
        refresh_dirty(100)

    return take


def sold(kind: str, days_ago: int, since: int, *lines: Object, **more: object) -> Object:
    about = subscription(*lines, start_date=ago(since), **more)
    return event(f"customer.subscription.{kind}", about, ago(days_ago))


@pytest.fixture
def acme(told: Callable[..., None]) -> Account:
    """Bought, grew, paused a part, then all of it, came back too late, and has a discount that nothing tells of."""
    account: Account = AccountFactory(external_id="cus_1", name="Acme Freight and Cold Storage International")
    gold, silver = {"id": "sub_gold"}, {"id": "sub_silver"}
    small, large = item(4900, quantity=4, ends=ago(-20)), item(4900, quantity=9, ends=ago(-20))
    addition = item(3000, quantity=2, nickname="Silver")
    told(
        sold("created", 300, 300, small, **gold),
        sold("updated", 200, 300, large, **gold),
        sold("created", 150, 150, addition, **silver),
        sold("updated", 120, 150, addition, **silver, pause_collection={"behavior": "void"}),
        sold("updated", 110, 300, large, **gold, pause_collection={"behavior": "void"}),
        sold("updated", 10, 300, large, **gold),
        event("invoice.paid", invoice(created=ago(200), status_transitions={"paid_at": ago(199)}), ago(199)),
        event("invoice.payment_failed", invoice(id="in_2", number="A-0002", status="open", amount_paid=0,
              attempt_count=2, created=ago(9), status_transitions={}), ago(8)),
        event("credit_note.created", credit_note(created=ago(7)), ago(7)),
        event("customer.updated", customer(balance=-2550, currency="usd"), ago(6)),
        sold("updated", 5, 300, large, **gold, discounts=["di_1"]),
    )  # fmt: skip
    return account


def test_an_mrr_that_is_unknown_says_why_until_stripe_tells(
    enter: Callable[[], Visitor], told: Callable[..., None], acme: Account, finance: User
) -> None:
    window = enter()
    window.sign_in(finance.username, PASSWORD)
    address = reverse("account", args=[acme.pk])
    window.go(address)
    page = window.page
    held = page.get_by_role("region", name="Subscriptions")
    expect(held.get_by_text("The MRR of Team is unknown.")).to_be_visible()
    moves = page.get_by_role("region", name="Movements of MRR")
    expect(moves.get_by_text("Contraction (paused)")).to_be_visible()
    expect(moves.get_by_text("Churn (after a pause)")).to_be_visible()
    expect(page.get_by_role("region", name="Invoices and credits").get_by_text("A-0001-CN-01")).to_be_visible()
    window.inspect("account-billing")

    held.get_by_role("link", name="See the events that left an MRR unknown").click()
    page.get_by_role("link", name="customer.subscription.updated").click()
    expect(page.get_by_role("region", name="customer.subscription.updated").get_by_text("di_1.")).to_be_visible()
    window.inspect("events-mrr-unknown", briefly=True)

    told(event("customer.discount.created", discount(half(percent_off=10), start=ago(6)), ago(6)))
    window.go(address)
    expect(held.get_by_text("The MRR of Team is unknown.")).to_have_count(0)
    expect(moves.get_by_role("row").nth(1)).to_contain_text("Contraction")
    expect(moves.get_by_role("row").nth(1)).to_contain_text("−$44.10")
    expect(page.get_by_text("$396.90").first).to_be_visible()
