"""Discounts of a whole customer: they come off every subscription that has none of its own, while they stand."""

from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from accounts.facts.models import FactsDirty
from accounts.intake.stripe.models import BillingCoupon, BillingDiscount, StripeCall
from accounts.records.models import Account, StandingDiscount, Subscription, SubscriptionTerm
from accounts.records.movements import movements
from tests.accounts.intake.stripe.conftest import Send
from tests.accounts.intake.stripe.objects import (
    COUPON_MADE_AT,
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

CREATED, DELETED = "customer.discount.created", "customer.discount.deleted"


def of_customer(coupon: Any = None, **more: Any) -> Object:
    return discount(half() if coupon is None else coupon, customer="cus_1", subscription=None, **more)


def subscribed(second: int = at("2026-03-01"), **more: Any) -> Object:
    lines = more.pop("lines", [item(10000)])
    return event("customer.subscription.updated", subscription(*lines, **more), second, more.get("event_id", ""))


def moved(account: Account) -> list[tuple[date, Decimal]]:
    """The MRR after each of its movements until the end of March."""
    return [(m.day, m.mrr) for m in movements(date(2026, 1, 1), date(2026, 3, 31), account_id=account.pk)]


GIVEN = event(CREATED, of_customer(), at("2026-03-05"), "evt_given")
TAKEN = event(DELETED, of_customer(), at("2026-03-20"), "evt_taken")


def test_it_comes_off_from_its_start_to_its_end(send: Send, acme: Account) -> None:
    for each in (subscribed(), GIVEN, TAKEN):
        assert send(each).json()["accepted"] == 1
    assert moved(acme) == [
        (date(2026, 3, 1), Decimal("100.00")),
        (date(2026, 3, 5), Decimal("50.00")),
        (date(2026, 3, 20), Decimal("100.00")),
    ]


def test_any_order_leaves_the_same(send: Send, acme: Account) -> None:
    coupon = event("coupon.created", half(), COUPON_MADE_AT, "evt_coupon")
    given, taken = (
        event(kind, of_customer("HALF"), second, kind)
        for kind, second in ((CREATED, at("2026-03-05")), (DELETED, at("2026-03-20")))
    )
    bill = event("invoice.paid", invoice(discounts=[of_customer("HALF")]), at("2026-03-25"), "evt_bill")
    for order in permutations([subscribed(), coupon, given, taken, bill]):
        for each in [*order, order[0]]:
            assert send(each).status_code == 200
        assert [mrr for _, mrr in moved(acme)] == [Decimal(100), Decimal(50), Decimal(100)]
        told = (SubscriptionTerm, Subscription, StripeCall, BillingCoupon, BillingDiscount, StandingDiscount)
        for model in told:
            model.objects.all().delete()


def test_until_its_coupon_is_known_the_mrr_is_unknown(send: Send, acme: Account) -> None:
    send(subscribed())
    send(event(CREATED, of_customer("HALF"), at("2026-03-05")))
    assert moved(acme) == [(date(2026, 3, 1), Decimal("100.00"))]
    assert StandingDiscount.objects.get().percent_off is None
    send(event("coupon.created", half(), COUPON_MADE_AT))
    assert moved(acme)[-1] == (date(2026, 3, 5), Decimal("50.00"))


@pytest.mark.parametrize(
    ("own", "mrr"),
    [
        ({"discounts": [discount(half("TENTH", percent_off=10), id="di_own")]}, Decimal("90.00")),
        ({"discounts": [discount(half(duration="once"), id="di_own")]}, Decimal("100.00")),
        ({"lines": [item(10000, discounts=[discount(half("TENTH", percent_off=10), id="di_line")])]}, Decimal("45.00")),
    ],
    ids=["its own", "its own, once", "that of a line"],
)
def test_one_of_the_subscription_stands_in_its_place(send: Send, acme: Account, own: Object, mrr: Decimal) -> None:
    send(GIVEN)
    send(subscribed(at("2026-03-10"), start_date=at("2026-03-10"), **own))
    assert moved(acme) == [(date(2026, 3, 10), mrr)]


def test_the_next_of_a_customer_ends_the_one_before(send: Send, acme: Account) -> None:
    tenth = of_customer(half("TENTH", percent_off=10), id="di_2", start=at("2026-03-15"))
    for each in (subscribed(), GIVEN, event("customer.discount.updated", tenth, at("2026-03-15"))):
        send(each)
    assert [mrr for _, mrr in moved(acme)] == [Decimal(100), Decimal(50), Decimal(90)]


@pytest.mark.parametrize(
    ("line", "mrr"),
    [(item(10000), Decimal("85.00")), (item(120000, "year"), Decimal("98.75")), (item(1000), Decimal("0.00"))],
    ids=["monthly", "yearly", "more than it costs"],
)
def test_an_amount_comes_off_each_period(send: Send, acme: Account, line: Object, mrr: Decimal) -> None:
    amount = half("FIFTEEN", percent_off=None, amount_off=1500, currency="usd")
    send(subscribed(at("2026-03-05"), lines=[line], start_date=at("2026-03-05")))
    send(event(CREATED, of_customer(amount), at("2026-03-05")))
    known = [(m.day, m.mrr) for m in movements(date(2026, 1, 1), date(2026, 3, 31), account_id=acme.pk)]
    assert known == ([(date(2026, 3, 5), mrr)] if mrr else [])


@pytest.mark.parametrize(
    ("coupon", "line"),
    [
        (half("EUROS", percent_off=None, amount_off=1500, currency="eur"), item(10000)),
        (half("QUARTERS", percent_off=None, amount_off=1500, currency="usd"), item(10000, "month", 3)),
        (half("SOME", applies_to={"products": ["prod_1"]}), item(10000)),
    ],
    ids=["another currency", "an odd period", "some products"],
)
def test_what_cannot_be_told_is_unknown_and_never_more(send: Send, acme: Account, coupon: Object, line: Object) -> None:
    send(event(CREATED, of_customer(coupon), at("2026-03-05")))
    send(subscribed(at("2026-03-10"), lines=[line], start_date=at("2026-03-10")))
    assert moved(acme) == []


def test_one_that_passes_moves_nothing(send: Send, acme: Account) -> None:
    passing = of_customer(half(duration="repeating"), end=at("2026-06-05"))
    for each in (subscribed(), event("customer.updated", customer(discount=passing), at("2026-03-05"))):
        send(each)
    assert moved(acme) == [(date(2026, 3, 1), Decimal("100.00"))]


def test_the_facts_are_marked_from_the_day_that_differs(send: Send, acme: Account) -> None:
    send(subscribed())
    FactsDirty.objects.all().delete()
    send(GIVEN)
    assert list(FactsDirty.objects.values_list("account_id", "day")) == [(acme.pk, date(2026, 3, 5))]
    FactsDirty.objects.all().delete()
    send(GIVEN)
    send(event(CREATED, of_customer(), at("2026-03-06")))
    assert not FactsDirty.objects.exists()


def test_other_customers_keep_their_price(send: Send, acme: Account) -> None:
    theirs = subscription(item(10000), customer="cus_2", metadata={"account_id": "cus_1"})
    send(event("customer.subscription.updated", theirs, at("2026-03-01")))
    send(GIVEN)
    assert moved(acme) == [(date(2026, 3, 1), Decimal("100.00"))]
