"""The stand-in for Stripe keeps to the published shapes: those of its own library, made from its OpenAPI document."""

from typing import Any, Literal, get_args, get_origin

import pytest
import stripe

from tests.rewards.delivery.stripe_api import KEY, Fault, StripeStandIn

Object = dict[str, Any]


@pytest.fixture
def used() -> StripeStandIn:
    """A customer whose credit lowered one invoice and came back from another that was voided."""
    stand_in = StripeStandIn()
    stand_in.customer("cus_1")
    ask(stand_in, "first")
    stand_in.draft("in_1", 300)
    stand_in.finalise("in_1")
    stand_in.draft("in_2", 100)
    stand_in.finalise("in_2")
    stand_in.void("in_2")
    return stand_in


def ask(stand_in: StripeStandIn, key: str) -> tuple[int, Object]:
    form = "amount=-500&currency=usd&description=Credit&metadata[key]=k"
    told = stand_in.answer("POST", "/v1/customers/cus_1/balance_transactions", KEY, key, form)
    assert told
    return told


def fields(published: type) -> dict[str, Any]:
    return {name: kind for name, kind in published.__annotations__.items() if name != "OBJECT_NAME"}


def test_a_balance_transaction_has_every_published_field_and_no_other(used: StripeStandIn) -> None:
    published = fields(stripe.CustomerBalanceTransaction)
    kinds = set()
    for made in used.transactions["cus_1"]:
        assert set(made) == set(published)
        for name in ("amount", "created", "ending_balance"):
            assert type(made[name]) is int
        assert made["type"] in literals(published["type"])
        kinds.add(made["type"])
    assert kinds == {"adjustment", "applied_to_invoice", "unapplied_from_invoice"}


def test_an_invoice_has_published_fields_only(used: StripeStandIn) -> None:
    published = fields(stripe.Invoice)
    for name in ("in_1", "in_2"):
        shown = used.shown(name)
        assert set(shown) <= set(published)
        assert shown["status"] in literals(published["status"])
        assert shown["billing_reason"] in literals(published["billing_reason"])


def test_the_library_reads_what_the_stand_in_says(used: StripeStandIn) -> None:
    status, told = ask(used, "second")
    read = stripe.CustomerBalanceTransaction.construct_from(told, KEY)
    assert read.metadata
    assert (status, read.amount, read.type, read.metadata["key"]) == (200, -500, "adjustment", "k")


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.ERROR_AFTER, Fault.TOO_MANY, Fault.CONFLICT])
def test_an_error_has_the_published_shape(used: StripeStandIn, fault: Fault) -> None:
    used.faults.append(fault)
    status, told = ask(used, "third")
    assert status >= 400
    assert set(told["error"]) <= set(fields(stripe.ErrorObject))
    assert told["error"]["type"] in {"api_error", "invalid_request_error", "idempotency_error"}


def literals(kind: Any) -> set[str]:
    """The words that a published type allows."""
    if get_origin(kind) is Literal:
        return set(get_args(kind))
    return {word for part in get_args(kind) for word in literals(part)}
