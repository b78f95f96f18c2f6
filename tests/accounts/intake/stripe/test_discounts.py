"""Discounts that Stripe only names: what they mean is learned from other events, in whatever order these come."""

from decimal import Decimal
from functools import partial
from itertools import permutations
from typing import Any

import pytest

from accounts.facts.models import FactsDirty
from accounts.intake.stripe.discounts import seen_in
from accounts.intake.stripe.models import BillingCoupon, BillingDiscount, StripeCall
from accounts.intake.stripe.verbs import take_in
from accounts.records.models import Account, Subscription, SubscriptionTerm
from tests.accounts.intake.stripe.conftest import NOW, Send
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
from tests.accounts.intake.stripe.test_any_order import sender_of_billing
from tests.concurrency import at_once
from tests.factories import AccountFactory

UPDATED = "customer.subscription.updated"


def discounted(second: int = at("2026-03-10"), *, event_id: str = "evt_sub", **more: Any) -> Object:
    return event(UPDATED, subscription(item(10000), **({"discounts": ["di_1"]} | more)), second, event_id)


def worth() -> list[tuple[Decimal | None, str]]:
    return list(SubscriptionTerm.objects.order_by("from_day").values_list("mrr", "unpriced"))


KNOWN = [(Decimal("50.00"), "")]
UNKNOWN = [(None, "discount")]

COUPON_MADE = event("coupon.created", half(), COUPON_MADE_AT, "evt_coupon")
DISCOUNT_MADE = event("customer.discount.created", discount(), at("2026-03-05"), "evt_discount")


def test_a_discount_that_nothing_tells_of_leaves_it_unknown(send: Send, acme: Account) -> None:
    assert send(discounted()).json()["accepted"] == 1
    assert worth() == UNKNOWN
    call = StripeCall.objects.get()
    assert (call.named, call.unpriced) == (["discount di_1"], "discount")


def test_the_coupon_the_discount_and_the_subscription_in_any_order(send: Send, acme: Account) -> None:
    for order in permutations([COUPON_MADE, DISCOUNT_MADE, discounted()]):
        for each in [*order, order[0]]:
            assert send(each).status_code == 200
        assert worth() == KNOWN
        assert StripeCall.objects.get(message_id="evt_sub").unpriced == ""
        for model in (SubscriptionTerm, Subscription, StripeCall, BillingCoupon, BillingDiscount):
            model.objects.all().delete()


@pytest.mark.parametrize(
    "teller",
    [
        event("customer.discount.created", discount(half()), at("2026-03-05")),
        event("customer.discount.created", {"object": "discount", "id": "di_1", "coupon": half()}, at("2026-03-05")),
        event("customer.updated", customer(discount=discount(half())), at("2026-03-05")),
        event("invoice.paid", invoice(discounts=[discount(half())]), at("2026-03-05")),
        event(UPDATED, subscription(id="sub_2", discounts=[discount(half())]), at("2026-03-05")),
        event(UPDATED, subscription(item(discounts=[discount(half())]), id="sub_2"), at("2026-03-05")),
    ],
)
def test_whoever_tells_it_whole(send: Send, acme: Account, teller: Object) -> None:
    send(discounted())
    send(teller)
    assert SubscriptionTerm.objects.get(subscription__external_id="sub_1").mrr == Decimal("50.00")


@pytest.mark.parametrize(
    "told",
    [{"coupon": half()}, {"promotion": {"type": "coupon", "coupon": half()}}, {"coupon": half(), "active": False}],
)
def test_a_promotion_code_tells_its_coupon(send: Send, acme: Account, told: Object) -> None:
    send(discounted())
    send(DISCOUNT_MADE)
    assert worth() == UNKNOWN
    send(event("promotion_code.created", {"object": "promotion_code", "id": "promo_1", **told}, at("2026-03-06")))
    assert worth() == KNOWN


def test_of_versions_that_tell_one_discount_whole_and_all_by_id(send: Send, acme: Account) -> None:
    send(discounted(discount={"object": "discount", "id": "di_1", "coupon": half(), "end": None}))
    assert worth() == KNOWN


@pytest.mark.parametrize("duration", ["once", "repeating"])
def test_one_that_does_not_last_moves_no_mrr(send: Send, acme: Account, duration: str) -> None:
    send(discounted())
    send(DISCOUNT_MADE)
    send(event("coupon.created", half(duration=duration), COUPON_MADE_AT))
    assert worth() == [(Decimal("100.00"), "")]


def test_one_with_an_end_does_not_last_whoever_its_coupon_is(send: Send, acme: Account) -> None:
    send(discounted())
    send(event("customer.discount.created", discount(end=at("2026-06-05")), at("2026-03-05")))
    assert worth() == [(Decimal("100.00"), "")]


def test_what_is_learned_late_marks_the_days_that_it_changes(send: Send, acme: Account) -> None:
    send(event(UPDATED, subscription(item(10000)), at("2026-03-02")))
    send(discounted(at("2026-03-10")))
    send(discounted(at("2026-03-12"), event_id="evt_later", cancel_at_period_end=True))
    FactsDirty.objects.all().delete()
    send(DISCOUNT_MADE)
    assert FactsDirty.objects.count() == 0
    send(COUPON_MADE)
    assert [mrr for mrr, _ in worth()] == [Decimal("100.00"), Decimal("50.00"), Decimal("50.00")]
    marks = FactsDirty.objects.values_list("account__name", "day")
    assert [(name, f"{day}") for name, day in marks] == [("Acme", "2026-03-10")]


def test_a_coupon_id_that_is_given_again_leaves_earlier_discounts_as_they_were(send: Send, acme: Account) -> None:
    for each in (DISCOUNT_MADE, discounted(), COUPON_MADE):
        send(each)
    send(event("coupon.created", half(percent_off=10, created=at("2026-03-20")), at("2026-03-20")))
    assert worth() == KNOWN
    send(discounted(at("2026-03-22"), event_id="evt_other", discounts=["di_2"]))
    send(event("customer.discount.created", discount(id="di_2", start=at("2026-03-22")), at("2026-03-22")))
    assert worth() == [*KNOWN, (Decimal("90.00"), "")]


def test_an_older_telling_of_a_discount_changes_nothing(send: Send, acme: Account) -> None:
    newer = event("customer.discount.updated", discount(half("TENTH", percent_off=10)), at("2026-03-08"))
    older = event("customer.discount.created", discount(half()), at("2026-03-05"))
    for each in (discounted(), newer, older):
        send(each)
    assert worth() == [(Decimal("90.00"), "")]
    assert BillingDiscount.objects.get().coupon == "TENTH"


def test_every_discount_has_to_be_known(send: Send, acme: Account) -> None:
    send(discounted(discounts=["di_1", "di_2"]))
    send(event("customer.discount.created", discount(half()), at("2026-03-05")))
    assert worth() == UNKNOWN
    send(event("customer.discount.created", discount(half("TENTH", percent_off=10), id="di_2"), at("2026-03-06")))
    assert worth() == [(Decimal("45.00"), "")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"object": "coupon", "id": 7},
        {"object": "coupon", "id": "HALF", "percent_off": 500},
        {"object": "discount", "id": "di_1", "source": {"type": "coupon", "coupon": None}},
        {"object": "discount", "id": None},
        {"object": ["coupon"]},
        [[[["coupon"]]]],
    ],
)
def test_what_is_no_coupon_is_let_by(send: Send, acme: Account, wrong: Any) -> None:
    assert not seen_in({"object": wrong})
    assert send(event("coupon.updated", {"told": wrong}, at("2026-03-05"))).json()["accepted"] == 1
    assert (BillingCoupon.objects.count(), BillingDiscount.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_learned_at_the_same_moment_it_is_known_all_the_same() -> None:
    AccountFactory(external_id="cus_1")
    sender = sender_of_billing()
    for _ in range(5):
        answers: list[Any] = at_once(
            partial(take_in, sender, each, now=NOW) for each in (COUPON_MADE, DISCOUNT_MADE, discounted())
        )
        assert [answer.accepted for answer in answers] == [1, 1, 1]
        assert worth() == KNOWN
        for model in (SubscriptionTerm, Subscription, StripeCall, BillingCoupon, BillingDiscount):
            model.objects.all().delete()
