"""Asking Stripe: one request a call, with time-outs, nothing tried again here.

The address is the one of Stripe's API (`STRIPE_API`, set by whoever runs the
application); nobody types one into a page.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe
from django.conf import settings
from stripe import CustomerBalanceTransaction, StripeClient, StripeError

from accounts.intake.stripe.amounts import in_smallest, in_units
from loyalty.core.money import cents
from rewards.delivery.billing.rules import Made, Order, Outcome, Result, result_of

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 15.0
PAGE = 100
PAGES = 20
# A clock of billing that is behind ours must not hide what we look for.
CLOCKS_DIFFER = timedelta(minutes=10)
# What every change of ours carries, so that it can be told from all others.
MARK = "loyalty_change"
NOBODY = "cus_loyalty_is_this_key_good"


def client(key: str) -> StripeClient:
    """A way in with this key, for one thread."""
    return StripeClient(
        key,
        base_addresses={"api": settings.STRIPE_API},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS)),
    )


def check(key: str) -> Outcome:
    """Whether billing lets this key change balances, without changing any: it is asked about a customer of nobody.

    DONE when it does, LOCKED_OUT when not; AGAIN when that could not be found out.
    """
    begun = time.monotonic()
    try:
        client(key).v1.customers.balance_transactions.create(NOBODY, params={"amount": -1, "currency": "usd"})
    except StripeError as error:
        found = _failed(error, begun)
        is_let_in = found.result is Result.REFUSED and found.status == 404
        return Outcome(Result.DONE if is_let_in else found.result, found.status, found.told, found.milliseconds)
    return Outcome(Result.REFUSED, 200, "This is not Stripe: it knows a customer who does not exist.", _since(begun))


def change_balance(key: str, order: Order) -> Outcome:
    """Change a customer's balance, unless it was found to be changed already. Raises nothing; asks no database."""
    begun = time.monotonic()
    try:
        way = client(key).v1.customers.balance_transactions
        known = _find(way, order) if order.must_look else None
        if known is not None:
            return Outcome(Result.DONE, 200, f"Found: {known.id}", _since(begun), _made(known))
        made = way.create(
            order.customer,
            params={
                "amount": -in_smallest(order.amount, order.currency),
                "currency": order.currency.lower(),
                "description": order.words,
                "metadata": {MARK: order.mark},
            },
            options={"idempotency_key": order.key},
        )
    except StripeError as error:
        return _failed(error, begun)
    return Outcome(Result.DONE, 200, f"Made: {made.id}", _since(begun), _made(made))


def _find(way: Any, order: Order) -> CustomerBalanceTransaction | None:
    """Our change among the customer's, the newest of which come first."""
    oldest = int((order.since - CLOCKS_DIFFER).timestamp())
    for found in _pages(way, order.customer):
        if found.created < oldest:
            return None
        if found.metadata is not None and MARK in found.metadata and found.metadata[MARK] == order.mark:
            return found
    return None


def _pages(way: Any, customer: str) -> Iterator[CustomerBalanceTransaction]:
    after: dict[str, str] = {}
    for _ in range(PAGES):
        page = way.list(customer, params={"limit": PAGE, **after})
        yield from page.data
        if not page.has_more or not page.data:
            return
        after = {"starting_after": page.data[-1].id}


def _made(found: CustomerBalanceTransaction) -> Made:
    balance = cents(in_units(-found.ending_balance, found.currency))
    return Made(found.id, datetime.fromtimestamp(found.created, UTC), balance)


def _failed(error: StripeError, begun: float) -> Outcome:
    status = error.http_status
    if status is None and not isinstance(error, stripe.APIConnectionError):
        told = "Stripe did not answer as it does."
    else:
        told = " ".join((error.user_message or "Stripe did not answer.").split())
    asked = (error.headers or {}).get("retry-after") or (error.headers or {}).get("Retry-After") or ""
    return Outcome(
        result_of(status),
        status,
        (f"Answered {status}: {told}" if status else told)[:300],
        _since(begun),
        wait=timedelta(seconds=int(asked)) if asked.isascii() and asked.isdigit() else None,
        # Carried out as far as billing can tell, and remembered under the key.
        is_remembered=status is not None and (status >= 500 or isinstance(error, stripe.IdempotencyError)),
    )


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
