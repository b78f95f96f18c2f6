"""Stripe promises no order and sends again: the same events, however they come, leave the same."""

import random
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from django.db.models import QuerySet
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import FactsDirty
from accounts.intake.models import IntakeBatch
from accounts.intake.stripe.models import BillingCoupon, BillingCustomer, BillingDiscount, StripeCall
from accounts.intake.stripe.verbs import take_in
from accounts.records.models import Account, Invoice, StandingDiscount, Subscription, SubscriptionTerm
from accounts.records.movements import movements
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from tests.accounts.intake.stripe.conftest import NOW
from tests.accounts.intake.stripe.objects import (
    Object,
    at,
    customer,
    discount,
    event,
    half,
    invoice,
    item,
    subscription,
)
from tests.concurrency import at_once
from tests.factories import AccountFactory, SourceFactory

FIRST = at("2026-03-01 22:00")
HOUR = 3600
COUPONS = [half(), half("TENTH", percent_off=10)]
Events = list[Object]


@st.composite
def happened(draw: st.DrawFn) -> Object:
    """One event of two subscriptions or their bills within three days, several of them in one second."""
    created = FIRST + draw(st.integers(0, 10)) * 7 * HOUR
    name = draw(st.sampled_from(["sub_1", "sub_2"]))
    kind = draw(st.sampled_from(["created", "updated", "deleted", "customer", "invoice", "coupon", "discount"]))
    if kind == "customer":
        return event("customer.updated", customer(), created)
    if kind == "coupon":
        which = draw(st.sampled_from(COUPONS))
        return event(f"coupon.{draw(st.sampled_from(['created', 'updated']))}", which, created)
    if kind == "discount":
        of = draw(st.sampled_from(["HALF", "TENTH", *COUPONS]))
        whose = draw(st.sampled_from([{}, {"id": "di_2", "customer": "cus_1"}, {"id": "di_3", "customer": "cus_1"}]))
        start = FIRST + draw(st.integers(0, 3)) * 24 * HOUR
        step = draw(st.sampled_from(["updated", "deleted"]))
        return event(f"customer.discount.{step}", discount(of, **({"start": start} | whose)), created)
    if kind == "invoice":
        step, status = draw(st.sampled_from([("updated", "draft"), ("payment_failed", "open"), ("paid", "paid")]))
        return event(f"invoice.{step}", invoice(status=status, amount_paid=20000 * (status == "paid")), created)
    state = draw(
        st.sampled_from(
            [
                {},
                {"status": "trialing"},
                {"status": "unpaid"},
                {"status": "incomplete"},
                {"cancel_at_period_end": True},
                {"pause_collection": {"behavior": "void"}},
            ]
        )
    )
    if kind == "deleted":
        state = {"status": "canceled", "ended_at": created - draw(st.sampled_from([0, 0, 24, 50])) * HOUR}
    lines = [item(quantity=draw(st.integers(1, 3)))] + draw(st.sampled_from([[], [item(120000, "year")]]))
    less = draw(st.sampled_from([[], ["di_1"]]))
    return event(f"customer.subscription.{kind}", subscription(*lines, id=name, discounts=less, **state), created)


def named(events: Events) -> Events:
    """Each with an id of its own; ids decide between events of one second."""
    return [each | {"id": f"evt_{number:02}"} for number, each in enumerate(events)]


def sender_of_billing() -> Sender:
    source = SourceFactory(name="Billing", kinds=[Kind.SUBSCRIPTION])
    return Sender(source.pk, source.name, frozenset({Kind.SUBSCRIPTION}), is_heard=False)


def left(account: Account) -> list[Any]:
    """All that the events left of an account: terms, bills, movements."""
    own = [f for f in SubscriptionTerm._meta.get_fields() if f.concrete and f.name not in ("id", "subscription")]
    terms = SubscriptionTerm.objects.order_by("subscription__external_id", "from_day")
    return [
        list(Subscription.objects.order_by("external_id").values_list("external_id", "starts_on", "told_at")),
        list(terms.values_list("subscription__external_id", *(f.name for f in own))),
        list(Invoice.objects.values_list("external_id", "status", "paid", "told_at", "told_as")),
        list(StandingDiscount.objects.values_list("customer", "since", "until", "percent_off")),
        list(StripeCall.objects.order_by("message_id").values_list("message_id", "account", "named", "unpriced")),
        movements(date(2026, 1, 1), date(2026, 12, 31), account_id=account.pk),
    ]


def marks_of_terms() -> QuerySet[FactsDirty]:
    """Marks of the days of the events; a bill that was paid marks the day of today."""
    return FactsDirty.objects.filter(day__lt=date(2026, 4, 1))


def forget() -> None:
    told = (
        SubscriptionTerm,
        Subscription,
        Invoice,
        StripeCall,
        BillingCustomer,
        BillingCoupon,
        BillingDiscount,
        StandingDiscount,
    )
    for model in (*told, IntakeBatch, FactsDirty):
        model.objects.all().delete()


class AnyOrder(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(st.lists(happened(), min_size=1, max_size=10).map(named), st.data())
    def test_any_order_and_any_doubling_leave_the_same(self, events: Events, data: st.DataObject) -> None:
        acme, sender = AccountFactory(external_id="cus_1"), sender_of_billing()
        for each in sorted(events, key=lambda e: e["created"]):
            assert take_in(sender, each, now=NOW).accepted == 1
        in_order, marked = left(acme), marks_of_terms().exists()
        forget()

        arrivals = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=5))]))
        receipts = [take_in(sender, each, now=NOW) for each in arrivals]

        assert left(acme) == in_order
        assert marks_of_terms().exists() == marked
        assert sum(receipt.accepted for receipt in receipts) == len(events)
        assert sum(receipt.duplicates for receipt in receipts) == len(arrivals) - len(events)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_leave_what_one_after_the_other_leaves() -> None:
    acme, sender = AccountFactory(external_id="cus_1"), sender_of_billing()
    days = [at("2026-03-01") + n * 6 * HOUR for n in range(16)]
    events = named(
        [event("customer.subscription.updated", subscription(item(quantity=n % 5 + 1)), s) for n, s in enumerate(days)]
    )
    for each in events:
        take_in(sender, each, now=NOW)
    in_order = left(acme)
    forget()

    doubled = events * 2
    random.Random(7).shuffle(doubled)
    receipts: list[Any] = at_once([partial(take_in, sender, each, now=NOW) for each in doubled])

    assert [each for each in receipts if isinstance(each, Exception)] == []
    assert left(acme) == in_order
    assert (sum(r.accepted for r in receipts), sum(r.duplicates for r in receipts)) == (16, 16)
    first = min(mark.day for mark in FactsDirty.objects.all())
    assert first == datetime.fromtimestamp(days[0], UTC).date()
