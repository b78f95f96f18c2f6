"""Connecting Stripe in the browser, and what is seen of a credit on its way there."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.records.models import Invoice
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from rewards.delivery.billing.models import BillingConnection
from rewards.delivery.invoices.models import BillingSettings, InvoiceCredit
from rewards.delivery.invoices.sending import send_balance_changes
from rewards.delivery.invoices.settling import settle_invoices
from tests.factories import AccountFactory
from tests.factories.grants import granted
from tests.rewards.delivery.stripe_api import KEY, READER, Fault, StripeStandIn

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
PAGE = "/settings/billing/"


def test_a_key_is_tried_sealed_and_never_shown(stand_in: StripeStandIn, finance: User, signed_in_as: SignIn) -> None:
    browser = signed_in_as(finance)
    page = browser.post(PAGE, {"key": f" {KEY} "}, follow=True)
    assert (page.redirect_chain, stand_in.ours("cus_1")) == ([(PAGE, 302)], [])
    kept = BillingConnection.objects.get()
    assert (kept.hint, kept.is_live, kept.connected_by) == (KEY[-4:], False, finance)
    lines = "".join(str(line.__dict__) for line in AuditLine.objects.all())
    assert KEY not in page.content.decode() + kept.sealed + lines
    assert f"…{KEY[-4:]}" in page.content.decode()
    assert browser.post(f"{PAGE}disconnect").status_code == 302
    assert not BillingConnection.objects.exists()


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("sk_live_unknownToStripe", "does not let this key"),
        (READER, "does not let this key"),
        ("pk_live_isPublic", "begins with sk_live_"),
        ("", "required"),
    ],
)
def test_a_wrong_key_is_told_beside_the_field_and_not_kept(
    stand_in: StripeStandIn, finance: User, signed_in_as: SignIn, key: str, says: str
) -> None:
    page = signed_in_as(finance).post(PAGE, {"key": key})
    assert (page.status_code, says in page.content.decode()) == (422, True)
    assert not BillingConnection.objects.exists()
    assert not key or key not in page.content.decode()


def test_without_an_answer_nothing_is_kept(stand_in: StripeStandIn, finance: User, signed_in_as: SignIn) -> None:
    stand_in.faults = [Fault.LOST_REQUEST]
    page = signed_in_as(finance).post(PAGE, {"key": KEY})
    assert (page.status_code, "nothing was saved" in page.content.decode()) == (422, True)
    assert not BillingConnection.objects.exists()


def test_finance_alone_connects_and_disconnects(
    stripe: StripeStandIn, cs: User, administrator: User, signed_in_as: SignIn
) -> None:
    for person in (cs, administrator):
        browser = signed_in_as(person)
        assert browser.get(PAGE).status_code == 200
        assert browser.post(PAGE, {"key": "rk_test_mine"}).status_code == 403
        assert browser.post(f"{PAGE}disconnect").status_code == 403
    assert BillingConnection.objects.get().hint == KEY[-4:]


def test_stripe_can_be_chosen_once_it_is_connected(
    stand_in: StripeStandIn, finance: User, signed_in_as: SignIn
) -> None:
    browser, typed = signed_in_as(finance), {"connector": "stripe", "reason": "No more files"}
    page = browser.post("/ledger/invoices/", typed)
    assert (page.status_code, "Stripe is not connected" in page.content.decode()) == (409, True)
    browser.post(PAGE, {"key": KEY})
    assert browser.post("/ledger/invoices/", typed).status_code == 302
    assert BillingSettings.objects.get().connector == "stripe"


def test_a_credit_shows_what_was_asked_and_is_sent_again_by_finance(
    stripe: StripeStandIn, finance: User, cs: User, signed_in_as: SignIn
) -> None:
    now = timezone.now()
    account = AccountFactory()
    granted("30.00", account=account, issued_on=now.date(), days=60)
    told = {"status": "draft", "due": 100, "paid": 0, "currency": "USD", "issued_at": now, "told_at": now}
    Invoice.objects.create(account=account, external_id="in_1", customer="cus_9", cause="subscription_cycle", **told)
    settle_invoices(now)
    send_balance_changes()
    credit = InvoiceCredit.objects.get()
    address = f"/ledger/invoices/{credit.pk}/"
    page = signed_in_as(cs).get(address).content.decode()
    assert ("No such customer" in page, "Send again" in page, "cus_9" in page) == (True, False, True)
    assert signed_in_as(cs).post(f"{address}again").status_code == 403
    listed = signed_in_as(finance).get("/ledger/invoices/?view=not_lowered").content.decode()
    assert address in listed
    assert "Send again" in signed_in_as(finance).get(address).content.decode()
    stripe.customer("cus_9")
    assert signed_in_as(finance).post(f"{address}again").status_code == 302
    settle_invoices(timezone.now())
    assert send_balance_changes() == 1
    assert (stripe.ours("cus_9"), InvoiceCredit.objects.get().state) == ([-3000], "applied")
