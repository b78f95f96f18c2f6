"""Stripe's events as people see them at /events/."""

from collections.abc import Callable

from django.test import Client

from accounts.intake.stripe.models import StripeCall
from accounts.records.models import Account
from loyalty.core.people.models import User
from tests.accounts.intake.stripe.conftest import Send
from tests.accounts.intake.stripe.objects import at, event, subscription


def test_accepted_and_refused_with_their_reason(
    send: Send, acme: Account, cs: User, signed_in_as: Callable[[User], Client]
) -> None:
    kind = "customer.subscription.updated"
    send(event(kind, subscription(), at("2026-03-10")))
    send(event(kind, subscription(customer="cus_2"), at("2026-03-11")))
    send(event("charge.succeeded", {"id": "ch_1"}, at("2026-03-12")))
    page = signed_in_as(cs)
    rows = page.get("/events/").context["rows"]
    assert sorted((row.what, row.outcome, row.account, row.code) for row in rows) == [
        ("charge.succeeded", "accepted", "", ""),
        (kind, "accepted", "Acme", ""),
        (kind, "refused", "", "unknown_customer"),
    ]
    assert [row.what for row in page.get("/events/?outcome=stripe-call&q=charge").context["rows"]] == [
        "charge.succeeded"
    ]
    told = {call.call: page.get(f"/events/stripe/{call.pk}/") for call in StripeCall.objects.all()}
    assert "current_period_end" in told[kind].content.decode()
    assert told["charge.succeeded"].context["content"] == ""
    lines = b"".join(page.get("/events/?format=csv&outcome=stripe-call")).decode().splitlines()
    assert len(lines) == 3


def test_an_event_that_left_an_mrr_unknown_says_why(
    send: Send, acme: Account, cs: User, signed_in_as: Callable[[User], Client]
) -> None:
    kind = "customer.subscription.updated"
    send(event(kind, subscription(), at("2026-03-10")))
    send(event(kind, subscription(discounts=["di_7"]), at("2026-03-11")))
    page = signed_in_as(cs)
    (row,) = page.get("/events/?outcome=stripe-call&q=mrr_unknown").context["rows"]
    assert (row.outcome, row.account, row.code) == ("accepted", "Acme", "mrr_unknown")
    assert row.reason.endswith("It names di_7.")
    told = page.get(f"/events/stripe/{row.pk}/").content.decode()
    assert "customer.discount.created" in told
    assert "tone-warn" in told
