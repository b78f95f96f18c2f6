"""A redemption and a delivery whose worker dies between any two statements: once, after it was tried again."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from accounts.records.models import Account, Invoice
from loyalty.core.people.models import User
from rewards.delivery.api.models import ApiKey, Redemption
from rewards.delivery.api.redeeming import redeem_once
from rewards.delivery.api.rules import RedemptionRequest
from rewards.delivery.invoices.models import BalanceChange, BillingSettings, InvoiceCredit
from rewards.delivery.invoices.sending import send_balance_changes
from rewards.delivery.invoices.settling import settle_invoices
from rewards.delivery.outgoing.models import EventDelivery
from rewards.delivery.outgoing.rules import EventType
from rewards.delivery.outgoing.sending import send_due
from rewards.ledger.models import Posting
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from rewards.offers.handing import deliver
from rewards.offers.models import Offer
from tests.factories import AccountFactory
from tests.factories.grants import granted
from tests.faults.statements import die_at_every_statement
from tests.rewards.delivery.conftest import outside, stand_in, stripe
from tests.rewards.delivery.receivers import Outside, endpoint
from tests.rewards.delivery.stripe_api import StripeStandIn

pytestmark = pytest.mark.django_db
__all__ = ["outside", "stand_in", "stripe"]


def company(case: int, credit: str = "30.00") -> Account:
    account: Account = AccountFactory(external_id=f"cus_{case}")
    granted(credit, account=account, issued_on=timezone.now().date(), days=60)
    return account


def invoice(case: int, **of: Any) -> None:
    now = timezone.now()
    told = {"customer": f"cus_{case}", "cause": "subscription_cycle", "currency": "USD", "due": 100, "paid": 0}
    told |= {"issued_at": now, "told_at": now, "account": company(case)} | of
    Invoice.objects.create(external_id=f"in_{case}", **told)


def redeemed_once_each(cases: int) -> None:
    assert cases > 5
    assert Posting.objects.filter(kind="redeem").count() == cases
    assert liability("USD") == 0
    assert check().problems == []


def test_a_redemption_that_a_program_asks_for() -> None:
    by = ApiKey.objects.create(name="Product", digest="0" * 64, hint="0000", may_redeem=True)

    def ask(case: int) -> object:
        asked = RedemptionRequest(account=f"cus_{case}", amount=Decimal("30.00"), invoice="INV-1")
        return redeem_once(asked, key=f"k{case}", by=by, now=timezone.now())

    cases = die_at_every_statement(company, ask)
    assert Redemption.objects.count() == 1
    for case in range(cases):
        assert ask(case) == ask(case)
    assert Redemption.objects.count() == cases
    redeemed_once_each(cases)


def test_an_invoice_that_credit_lowers() -> None:
    BillingSettings.objects.create(pk=1, connector="file")
    cases = die_at_every_statement(
        lambda case: invoice(case, status="open"), lambda case: settle_invoices(timezone.now(), limit=1)
    )
    assert settle_invoices(timezone.now()) == cases - 1
    assert set(InvoiceCredit.objects.values_list("state", "amount")) == {("applied", Decimal(30))}
    redeemed_once_each(cases)


def test_an_invoice_that_stripe_lowers_and_one_that_it_voids(stripe: StripeStandIn) -> None:
    """From the draft to the credit back on the ledger: once on the books and once in Stripe, both ways."""
    state = {"void": False}

    def prepare(case: int) -> None:
        stripe.customer(f"cus_{case}")
        invoice(case, status="draft")
        if state["void"]:
            live()
            Invoice.objects.filter(external_id=f"in_{case}").update(status="void")

    def live(rounds: int = 1) -> None:
        for _ in range(rounds):
            settle_invoices(timezone.now())
            past = timezone.now() - timedelta(seconds=1)
            BalanceChange.objects.filter(lease_until__isnull=False).update(lease_until=past)
            send_balance_changes()

    def work(case: int) -> None:
        settle_invoices(timezone.now(), limit=1)
        send_balance_changes()

    cases = die_at_every_statement(prepare, work)
    live(3)
    assert [stripe.ours(f"cus_{case}") for case in range(cases)] == [[-3000]] * cases
    assert set(InvoiceCredit.objects.values_list("state", flat=True)) == {"applied"}
    redeemed_once_each(cases)
    state["void"], first = True, cases
    cases = die_at_every_statement(lambda case: prepare(case + first), work)
    live(3)
    assert [stripe.ours(f"cus_{case + first}") for case in range(cases)] == [[-3000, 3000]] * cases
    assert InvoiceCredit.objects.filter(state="given_back").count() == cases
    assert liability("USD") == 30 * cases
    assert check().problems == []


def test_a_webhook_that_tells_of_a_grant(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", EventType.GRANT_ISSUED)
    cases = die_at_every_statement(company, lambda case: send_due())
    past = timezone.now() - timedelta(seconds=1)
    for _ in count():
        EventDelivery.objects.filter(lease_until__isnull=False).update(lease_until=past)
        if not send_due():
            break
    assert set(EventDelivery.objects.values_list("state", flat=True)) == {"sent"}
    assert EventDelivery.objects.count() == cases > 5
    # Told again at most by the one that died, under the id that the receiver knows.
    assert len({got.id for got in outside.got}) == cases
    assert check().problems == []


def test_an_offer_that_a_person_hands_over(cs: User) -> None:
    given: list[Offer] = []

    def hand_over(case: int) -> object:
        return deliver(given[case].pk, note="By mail", acting_user=cs)

    cases = die_at_every_statement(lambda case: given.append(granted("30.00").offer), hand_over)
    assert Offer.objects.filter(state="delivered").count() == 1
    for case in range(cases - 1):
        hand_over(case)
    assert Offer.objects.filter(state="delivered", delivered_at__isnull=False).count() == cases > 5
    assert check().problems == []
