"""What billing gives back to a customer, or keeps for it: the newest telling stands."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from accounts.intake.models import RefusedItem
from accounts.intake.stripe.models import BillingCustomer, StripeCall
from accounts.records.models import Account, BillingCredit
from tests.accounts.intake.stripe.conftest import Send
from tests.accounts.intake.stripe.objects import Object, at, customer, event, invoice


def credit_note(**more: Any) -> Object:
    return {
        "object": "credit_note",
        "id": "cn_1",
        "customer": "cus_1",
        "invoice": "in_1",
        "status": "issued",
        "number": "A-0001-CN-01",
        "reason": "order_change",
        "currency": "usd",
        "amount": 1690,
        "created": at("2026-03-05 10:00"),
        "effective_at": None,
        "memo": "For Zoe, who called",
        "metadata": {},
    } | more


def balance_transaction(**more: Any) -> Object:
    return {
        "object": "customer_balance_transaction",
        "id": "cbtxn_1",
        "customer": "cus_1",
        "invoice": None,
        "type": "adjustment",
        "currency": "usd",
        "amount": -500,
        "created": at("2026-03-06"),
        "metadata": None,
    } | more


def credit_grant(**more: Any) -> Object:
    return {
        "object": "billing.credit_grant",
        "id": "credgr_1",
        "customer": {"object": "customer", "id": "cus_1"},
        "amount": {"type": "monetary", "monetary": {"currency": "jpy", "value": 1000}},
        "category": "promotional",
        "created": at("2026-03-07"),
        "effective_at": at("2026-03-08"),
        "expires_at": at("2026-06-08"),
        "voided_at": None,
        "metadata": {},
    } | more


def kept() -> list[tuple[Any, ...]]:
    fields = ("external_id", "kind", "status", "amount", "currency", "invoice_external_id", "cause")
    return list(BillingCredit.objects.order_by("external_id").values_list(*fields))


def test_credits_of_each_kind(send: Send, acme: Account) -> None:
    for kind, about in (
        ("credit_note.created", credit_note()),
        ("customer_balance_transaction.created", balance_transaction()),
        ("billing.credit_grant.created", credit_grant()),
    ):
        assert send(event(kind, about, at("2026-03-10"))).json()["accepted"] == 1
    assert kept() == [
        ("cbtxn_1", "balance", "issued", Decimal("5.00"), "USD", "", "adjustment"),
        ("cn_1", "credit_note", "issued", Decimal("16.90"), "USD", "in_1", "order_change"),
        ("credgr_1", "credit_grant", "issued", Decimal("1000.00"), "JPY", "", "promotional"),
    ]
    grant = BillingCredit.objects.get(kind="credit_grant")
    assert (f"{grant.at:%Y-%m-%d}", f"{grant.expires_at:%Y-%m-%d}") == ("2026-03-08", "2026-06-08")
    assert set(BillingCredit.objects.values_list("account__name", flat=True)) == {"Acme"}
    assert "Zoe" not in str(list(StripeCall.objects.values_list("payload", flat=True)))


def test_a_void_credit_stays_void_in_every_order(send: Send, acme: Account) -> None:
    second = at("2026-03-10 10:00")
    steps = [
        event("credit_note.created", credit_note(), at("2026-03-05")),
        event("credit_note.updated", credit_note(reason="duplicate"), second, "evt_z"),
        event("credit_note.voided", credit_note(reason="duplicate", status="void"), second, "evt_a"),
    ]
    for order in permutations(steps):
        for step in [*order, order[0]]:
            send(step)
        assert [(row[2], row[6]) for row in kept()] == [("void", "duplicate")]
        BillingCredit.objects.all().delete()
        StripeCall.objects.all().delete()


def test_a_grant_that_was_voided_or_is_not_in_money(send: Send, acme: Account) -> None:
    send(event("billing.credit_grant.updated", credit_grant(voided_at=at("2026-03-09")), at("2026-03-09")))
    other = credit_grant(id="credgr_2", amount={"type": "custom_pricing_unit", "monetary": None})
    assert send(event("billing.credit_grant.created", other, at("2026-03-09"))).json()["accepted"] == 1
    assert [(row[0], row[2]) for row in kept()] == [("credgr_1", "void")]


def test_what_is_kept_for_a_customer(send: Send, acme: Account) -> None:
    newer = event("customer.updated", customer(balance=-2550, currency="usd"), at("2026-03-10"))
    older = event("customer.updated", customer(balance=0, currency="usd"), at("2026-03-09"))
    for each in (newer, older):
        send(each)
    assert BillingCustomer.objects.values_list("balance", "currency").get() == (Decimal("25.50"), "USD")
    send(event("customer.updated", customer(balance=0, currency=None), at("2026-03-11")))
    assert BillingCustomer.objects.values_list("balance", "currency").get() == (Decimal("0.00"), "")


def test_of_nobody_known_it_is_refused_and_kept(send: Send, acme: Account) -> None:
    answer = send(event("credit_note.created", credit_note(customer="cus_2"), at("2026-03-10")))
    assert answer.json()["refused"][0]["code"] == "unknown_customer"
    assert (BillingCredit.objects.count(), RefusedItem.objects.count()) == (0, 1)


@pytest.mark.parametrize("ids", [("evt_a", "evt_b"), ("evt_b", "evt_a")])
def test_a_bill_that_is_made_and_paid_within_a_second_is_paid(send: Send, acme: Account, ids: tuple[str, str]) -> None:
    second = at("2026-03-03 02:00")
    send(event("invoice.paid", invoice(), second, ids[0]))
    send(event("invoice.finalized", invoice(status="open", amount_paid=0, attempt_count=0), second, ids[1]))
    assert acme.invoices.get().status == "paid"


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("invoice.paid", invoice(amount_due=10**12)),
        ("invoice.paid", invoice(starting_balance=-(10**12), ending_balance=0)),
        ("credit_note.created", credit_note(amount=10**12)),
        ("customer.updated", customer(balance=-(10**12), currency="jpy")),
    ],
)
def test_an_amount_beyond_what_can_be_kept_is_refused(send: Send, acme: Account, kind: str, about: Object) -> None:
    answer = send(event(kind, about | {"currency": "jpy"}, at("2026-03-30"))).json()
    assert [refused["code"] for refused in answer["refused"]] == ["bad_shape"]
    assert "999999999999" in answer["refused"][0]["reason"]
