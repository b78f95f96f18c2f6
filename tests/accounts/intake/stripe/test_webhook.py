"""Stripe's webhooks through their address: once, in order, by whom it should be."""

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone
from stripe import WebhookSignature

from accounts.facts.models import FactsDirty
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.intake.stripe.models import BillingCustomer, StripeCall
from accounts.intake.waiting import take_in_waiting
from accounts.records.models import Account, BillingCredit, Invoice, Subscription, SubscriptionTerm
from accounts.records.movements import movements
from accounts.records.rules import Movement
from accounts.sources.models import Source
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import keep_secret, signer_of
from tests.accounts.intake.stripe.conftest import NOW, SECRET, Send
from tests.accounts.intake.stripe.objects import at, customer, event, invoice, item, subscription
from tests.factories import AccountFactory
from tests.factories.sources import SourceFactory

CREATED, UPDATED, DELETED = (f"customer.subscription.{step}" for step in ("created", "updated", "deleted"))


def steps() -> list[dict[str, Any]]:
    """Five seats on 1 March, ten on the 10th, a wish to cancel on the 20th, and the end on the 25th."""
    return [
        event(CREATED, subscription(item(quantity=5)), at("2026-03-01 09:00")),
        event(UPDATED, subscription(item(quantity=10)), at("2026-03-10 09:00")),
        event(UPDATED, subscription(item(quantity=10), cancel_at_period_end=True), at("2026-03-20 09:00")),
        event(
            DELETED,
            subscription(item(quantity=10), status="canceled", ended_at=at("2026-03-25 09:00")),
            at("2026-03-25 09:00"),
        ),
    ]


def history() -> list[tuple[Any, ...]]:
    fields = ("from_day", "seats", "mrr", "renews_on", "ends_on", "is_cancelling")
    return list(SubscriptionTerm.objects.order_by("from_day").values_list(*fields))


HISTORY = [
    (date(2026, 3, 1), 5, Decimal("100.00"), date(2026, 4, 1), None, False),
    (date(2026, 3, 10), 10, Decimal("200.00"), date(2026, 4, 1), None, False),
    (date(2026, 3, 20), 10, Decimal("200.00"), None, date(2026, 4, 1), True),
    (date(2026, 3, 25), 10, Decimal("200.00"), None, date(2026, 3, 25), False),
]


def test_a_subscription_becomes_dated_history(send: Send, acme: Account, billing: Source) -> None:
    for step in steps():
        answer = send(step)
        assert (answer.status_code, answer.json()) == (
            200,
            {"success": True, "accepted": 1, "duplicates": 0, "refused": []},
        )
    assert history() == HISTORY
    assert Subscription.objects.get(external_id="sub_1").account == acme
    marks = FactsDirty.objects.filter(account=acme).order_by("id").values_list("day", flat=True)
    assert list(marks) == [date(2026, 3, 1), date(2026, 3, 10), date(2026, 3, 20), date(2026, 3, 25)]
    assert IntakeBatch.objects.filter(source=billing, channel="stripe", accepted=1).count() == 4
    billing.refresh_from_db()
    assert billing.last_received_at


def test_any_order_gives_the_same_history(send: Send, acme: Account) -> None:
    for order in permutations(steps()):
        for step in order:
            assert send(step).json()["accepted"] == 1
        assert history() == HISTORY
        SubscriptionTerm.objects.all().delete()
        Subscription.objects.all().delete()
        StripeCall.objects.all().delete()


def test_who_people_are_is_kept_only_until_the_event_went_in(send: Send) -> None:
    told = event("customer.created", customer(email="jane@x.test", name="Jane Doe"), at("2026-03-01 10:00"), "evt_c")
    assert send(told).json()["refused"][0]["code"] == "unknown_customer"
    assert "jane@x.test" in RefusedItem.objects.get().raw
    AccountFactory(external_id="cus_1")
    assert take_in_waiting(now=timezone.now()) == [True]
    raw = RefusedItem.objects.get().raw
    assert json.loads(raw)["id"] == "evt_c"
    assert not [word for word in ("jane", "Doe") if word in raw]


def test_an_event_counts_once(send: Send, acme: Account) -> None:
    first, second, *_ = steps()
    send(first)
    send(second)
    FactsDirty.objects.all().delete()
    again = send(first)
    assert (again.status_code, again.json()["duplicates"], again.json()["accepted"]) == (200, 1, 0)
    assert history() == HISTORY[:2]
    assert FactsDirty.objects.count() == 0
    assert StripeCall.objects.count() == 2
    assert IntakeBatch.objects.filter(duplicates=1).count() == 1


def test_of_two_events_of_one_second_the_same_one_stands_always(send: Send, acme: Account) -> None:
    second = at("2026-03-10 09:00")
    pair = [event(UPDATED, subscription(item(quantity=n)), second, f"evt_{n}") for n in (3, 4)]
    seen = []
    for order in (pair, pair[::-1]):
        for each in order:
            send(each)
        seen += history()
        SubscriptionTerm.objects.all().delete()
        Subscription.objects.all().delete()
        StripeCall.objects.all().delete()
    assert [term[1] for term in seen] == [4, 4]


def test_an_end_stands_over_a_change_of_the_same_second(send: Send, acme: Account) -> None:
    second = at("2026-03-10 09:00")
    ended = event(DELETED, subscription(status="canceled", ended_at=second), second, "evt_a")
    changed = event(UPDATED, subscription(), second, "evt_b")
    send(ended)
    send(changed)
    assert [term[4] for term in history()] == [date(2026, 3, 10)]


def test_an_end_that_is_told_of_late_ends_what_was_told_of_the_days_since(send: Send, acme: Account) -> None:
    created, changed, _, _ = steps()
    gone = {"status": "canceled", "ended_at": at("2026-03-08 09:00")}
    ended = event(DELETED, subscription(item(quantity=5), **gone), at("2026-03-12 09:00"))
    seen = []
    for order in permutations((created, changed, ended)):
        for step in order:
            send(step)
        seen.append([(term[0], term[4]) for term in history()])
        moved = [(m.day, m.kind, m.amount) for m in movements(date(2026, 1, 1), date(2026, 12, 31))]
        assert moved == [(date(2026, 3, 1), Movement.NEW, 100), (date(2026, 3, 8), Movement.CHURN, -100)]
        SubscriptionTerm.objects.all().delete()
        Subscription.objects.all().delete()
        StripeCall.objects.all().delete()
    end = date(2026, 3, 8)
    assert seen == [[(date(2026, 3, 1), None), (end, end), (date(2026, 3, 10), end)]] * 6


@pytest.mark.parametrize("shift", [-301, 301])
def test_a_signature_of_another_time_is_refused(send: Send, acme: Account, shift: int) -> None:
    body = json.dumps(steps()[0])
    second = int((NOW + timedelta(seconds=shift)).timestamp())
    answer = send(body, header=WebhookSignature.generate_signature_header(body, SECRET, timestamp=second))
    assert (answer.status_code, answer.json()["code"]) == (400, "out_of_time")
    assert (Subscription.objects.count(), StripeCall.objects.count()) == (0, 0)
    assert RefusedItem.objects.get().code == "out_of_time"


def test_what_nobody_signed_has_no_effect(send: Send, acme: Account) -> None:
    for answer in (send(steps()[0], secret="whsec_wrong"), send(steps()[0], header="")):
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
    assert (Subscription.objects.count(), StripeCall.objects.count()) == (0, 0)
    assert set(RefusedItem.objects.values_list("source", "call")) == {(None, "stripe")}


def test_the_old_secret_works_until_it_has_run_out(send: Send, acme: Account, billing: Source) -> None:
    keep_secret(billing, Scheme.STRIPE, "whsec_new", acting_user=None)
    first, second, *_ = steps()
    assert send(first, secret=SECRET).json()["accepted"] == 1
    assert send(second, secret="whsec_new").json()["accepted"] == 1
    signer = signer_of(billing.pk, Scheme.STRIPE, now=NOW + timedelta(hours=24))
    assert signer
    assert signer.secrets == ("whsec_new",)


def test_no_source_no_secret(send: Send, billing: Source) -> None:
    assert send(steps()[0], source=Source(pk=10**30)).status_code == 404
    assert send(steps()[0], source=Source(pk=billing.pk + 1)).json()["code"] == "no_source"
    other = SourceFactory(name="Helpdesk", kinds=[Kind.SUPPORT])
    assert send(steps()[0], source=other).json()["code"] == "no_secret"


def test_another_source_than_the_record_is_refused_and_kept(send: Send, acme: Account) -> None:
    other = SourceFactory(name="Second billing", kinds=[Kind.SUPPORT])
    keep_secret(other, Scheme.STRIPE, SECRET, acting_user=None)
    answer = send(steps()[0], source=other)
    assert (answer.status_code, answer.json()["refused"][0]["code"]) == (200, "not_system_of_record")
    kept = RefusedItem.objects.get(source=other)
    assert json.loads(kept.raw) == steps()[0]
    assert Subscription.objects.count() == 0


@pytest.mark.parametrize("kind", ["charge.succeeded", "payment_intent.created", "customer.tax_id.created"])
def test_other_events_are_counted_and_not_kept(send: Send, kind: str) -> None:
    answer = send(event(kind, {"id": "ch_1", "receipt_email": "pay@acme.test"}, at("2026-03-10")))
    assert answer.json()["accepted"] == 1
    assert StripeCall.objects.values_list("call", "payload", "account").get() == (kind, None, None)


def test_who_people_are_is_not_kept(send: Send, acme: Account) -> None:
    send(event("customer.updated", customer(address={"line1": "1 Elm Street"}), at("2026-03-10")))
    send(event("invoice.paid", invoice(), at("2026-03-10")))
    assert [call.payload["data"]["object"]["id"] for call in StripeCall.objects.order_by("id")] == ["cus_1", "in_1"]
    kept = json.dumps(list(StripeCall.objects.values_list("payload", flat=True)))
    assert not any(word in kept for word in ("pay@acme.test", "Elm Street", "Acme"))


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ("[]", 400, "not_an_object"),
        ("{", 400, "malformed_json"),
        ('"' + "x" * 600_000 + '"', 413, "batch_too_large"),
    ],
)
def test_a_signed_body_that_is_no_event(send: Send, billing: Source, content: str, status: int, code: str) -> None:
    answer = send(content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({}, "bad_shape"),
        ({"id": "evt_1", "type": UPDATED, "created": "yesterday", "data": {"object": {}}}, "bad_shape"),
        (event(UPDATED, subscription(items={"data": []}), at("2026-03-10")), "bad_shape"),
        (event(UPDATED, subscription(start_date=10**15), at("2026-03-10")), "bad_shape"),
        (event(UPDATED, {"id": "sub\0"}, at("2026-03-10")), "bad_text"),
        (event(UPDATED, {"id": "\ud800"}, at("2026-03-10")), "bad_text"),
        (event(UPDATED, {"id": float("nan")}, at("2026-03-10")), "bad_number"),
        (event(UPDATED, subscription(), at("2026-04-02")), "too_far_ahead"),
        (event(UPDATED, subscription(), at("2016-01-01")), "too_old"),
        (event(UPDATED, subscription(customer="cus_2"), at("2026-03-10")), "unknown_customer"),
        (event(UPDATED, subscription(metadata={"account_id": "nobody"}), at("2026-03-10")), "unknown_customer"),
    ],
)
def test_a_signed_event_that_cannot_be_taken_is_kept_with_its_reason(
    send: Send, acme: Account, content: dict[str, Any], code: str
) -> None:
    answer = send(content)
    assert (answer.status_code, answer.json()["success"]) == (200, False)
    assert [refused["code"] for refused in answer.json()["refused"]] == [code]
    assert RefusedItem.objects.get().code == code
    assert (Subscription.objects.count(), StripeCall.objects.count()) == (0, 0)


def test_a_customer_says_whose_it_is(send: Send) -> None:
    acme, other = AccountFactory(external_id="acme"), AccountFactory(external_id="other")
    send(event("customer.created", customer(metadata={"account_id": "acme"}), at("2026-03-02")))
    send(event("customer.updated", customer(metadata={"account_id": "other"}), at("2026-03-01")))  # older, and late
    assert BillingCustomer.objects.get().account == acme
    assert send(steps()[0]).json()["accepted"] == 1
    assert Subscription.objects.get().account == acme
    send(event(UPDATED, subscription(metadata={"account_id": "other"}), at("2026-03-12")))
    assert Subscription.objects.get().account == other
    assert (acme.name, other.name) == tuple(Account.objects.order_by("id").values_list("name", flat=True))


def test_a_customer_that_becomes_another_accounts_takes_along_what_was_told_of_it(send: Send) -> None:
    acme, other = AccountFactory(external_id="acme"), AccountFactory(external_id="other")
    AccountFactory(external_id="cus_1")
    named = {"id": "sub_2", "metadata": {"account_id": "acme"}}
    note = {"id": "cn_1", "object": "credit_note", "customer": "cus_1", "amount": 500, "currency": "usd", "created": 0}
    told = [
        [event("customer.created", customer(metadata={"account_id": "acme"}), at("2026-03-01"))],
        [
            event(CREATED, subscription(), at("2026-03-02"), "evt_1"),
            event(CREATED, subscription(**named), at("2026-03-02"), "evt_2"),
            event("invoice.paid", invoice(customer={"id": "cus_1", "object": "customer"}), at("2026-03-03")),
            event("credit_note.created", note | {"invoice": "in_1", "status": "issued"}, at("2026-03-04")),
        ],
        [event("customer.updated", customer(metadata={"account_id": "other"}), at("2026-03-05"))],
    ]
    models = (Subscription, Invoice, BillingCredit)
    for order in permutations(told):
        FactsDirty.objects.all().delete()
        for step in (step for steps in order for step in steps):
            assert send(step).json()["refused"] == []
        assert Subscription.objects.get(external_id="sub_2").account == acme
        held = [model.objects.exclude(external_id="sub_2").get() for model in models]
        assert [thing.account for thing in held] == [other] * 3
        assert [call.account for call in StripeCall.objects.exclude(call__startswith="customer.")] == [other] * 2
        assert FactsDirty.objects.filter(account=other, day=held[0].starts_on).exists()
        if order[2] is told[2]:
            assert FactsDirty.objects.filter(account=acme, day=held[0].starts_on).exists()
        for model in (SubscriptionTerm, *models, StripeCall, BillingCustomer):
            model.objects.all().delete()


def test_an_unknown_customer_can_be_taken_in_once_there_is_an_account(send: Send) -> None:
    assert send(steps()[0]).json()["refused"][0]["code"] == "unknown_customer"
    AccountFactory(external_id="cus_1")
    assert send(json.loads(RefusedItem.objects.get().raw)).json()["accepted"] == 1
    assert history() == HISTORY[:1]


def test_where_stripe_keeps_the_accounts_a_customer_makes_one(send: Send) -> None:
    both = SourceFactory(name="Stripe", kinds=[])
    Source.objects.get(name="Billing").kinds.update(source=both)
    both.kinds.create(kind=Kind.ACCOUNT.value)
    keep_secret(both, Scheme.STRIPE, SECRET, acting_user=None)
    send(event("customer.created", customer(), at("2026-03-02")), source=both)
    send(event("customer.updated", customer(name="Acme Ltd"), at("2026-03-04")), source=both)
    send(event("customer.updated", customer(name="Acme Inc"), at("2026-03-03")), source=both)
    assert Account.objects.values_list("external_id", "name").get() == ("cus_1", "Acme Ltd")
    assert send(steps()[0], source=both).json()["accepted"] == 1


def test_an_invoice_that_fails_and_is_paid(send: Send, acme: Account) -> None:
    paid = event("invoice.paid", invoice(attempt_count=2), at("2026-03-03 02:00"))
    failed = event("invoice.payment_failed", invoice(status="open", amount_paid=0, attempt_count=1), at("2026-03-01"))
    send(paid)
    send(failed)  # late: the payment stands
    bill = Invoice.objects.get()
    assert (bill.account, bill.subscription_external_id, bill.number) == (acme, "sub_1", "A-0001")
    assert (bill.status, bill.due, bill.paid, bill.currency) == ("paid", Decimal("200.00"), Decimal("200.00"), "USD")
    assert (bill.failed_payments, bill.cause) == (1, "subscription_cycle")
    assert bill.paid_at.isoformat() == "2026-03-01T02:00:00+00:00"


def a_draft(**more: Any) -> dict[str, Any]:
    told = {"status": "draft", "number": None, "amount_paid": 0, "status_transitions": {}, "attempt_count": 0}
    return invoice(**(told | {"starting_balance": -500, "ending_balance": None} | more))


def test_a_draft_is_kept_and_counts_for_nothing_until_it_is_finalised(send: Send, acme: Account) -> None:
    second = at("2026-03-03")
    final = a_draft(status="open", number="A-0001", starting_balance=-2500, ending_balance=-300)
    send(event("invoice.finalized", final, second, "evt_a"))
    # Of the same second, told later, by an id that comes later: the draft was there before.
    send(event("invoice.updated", a_draft(), second, "evt_b"))
    send(event("invoice.created", a_draft(id="in_2"), second))
    assert list(Invoice.objects.order_by("external_id").values_list("status", "balance_before", "balance_after")) == [
        ("open", Decimal("25.00"), Decimal("3.00")),
        ("draft", None, None),
    ]
    bill = Invoice.objects.get(external_id="in_2")
    assert (bill.customer, bill.due, bill.paid_at) == ("cus_1", Decimal("200.00"), None)
    assert not FactsDirty.objects.filter(account=acme).exists()


def test_a_draft_that_is_deleted_is_void(send: Send, acme: Account) -> None:
    second = at("2026-03-03")
    send(event("invoice.deleted", a_draft(), second, "evt_a"))
    send(event("invoice.created", a_draft(), second, "evt_b"))
    assert Invoice.objects.get().status == "void"


def test_a_flood_is_answered_with_429(send: Send, acme: Account, settings: Any) -> None:
    settings.INTAKE_QUOTA_A_SECOND, settings.INTAKE_BURST_SECONDS = 0.01, 100
    first, second, *_ = steps()
    assert send(first).status_code == 200
    over = send(second)
    assert (over.status_code, over.json()["code"]) == (429, "over_quota")
    assert int(over["Retry-After"]) > 0
    assert history() == HISTORY[:1]


def test_a_day_is_that_of_utc(send: Send, acme: Account) -> None:
    send(event(CREATED, subscription(start_date=at("2026-03-01 23:59:59")), at("2026-03-01 23:59:59")))
    send(event(UPDATED, subscription(item(quantity=2)), at("2026-03-02 00:00:00")))
    assert [term[0] for term in history()] == [date(2026, 3, 1), date(2026, 3, 2)]
