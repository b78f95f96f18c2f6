"""What came before its account, or its customer of billing, goes in by itself once they are known."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.intake.models import RefusedItem
from accounts.intake.stripe.verbs import take_in
from accounts.intake.waiting import take_in_all_waiting, take_in_waiting
from accounts.records.models import SubscriptionTerm
from accounts.sources.models import Source
from accounts.sources.queries import Sender
from accounts.usage.models import DailyUsage, Event
from loyalty.pipeline import react_now
from tests.accounts.intake.stripe.conftest import NOW
from tests.accounts.intake.stripe.objects import at, customer, event, item, subscription
from tests.accounts.intake.stripe.test_any_order import sender_of_billing
from tests.factories.records import AccountFactory

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]


def call(number: int, account: str) -> dict[str, Any]:
    return {"event": "Report Generated", "messageId": f"m{number}", "context": {"groupId": account}}


def test_use_that_came_before_its_account(send: Send) -> None:
    send("track", call(1, "acme"))
    send("track", call(2, "globex"))
    assert take_in_waiting(now=timezone.now()) == []
    account = AccountFactory(external_id="acme")

    react_now()

    assert [e.account for e in Event.objects.all()] == [account]
    gone_in, left = RefusedItem.objects.order_by("id")
    assert (gone_in.went_in_at, gone_in.retried_by) == (gone_in.retried_at, None)
    assert (left.waits_for, left.retried_at) == ("globex", None)
    assert take_in_all_waiting(now=timezone.now()) == 0
    assert sum(DailyUsage.objects.values_list("events", flat=True)) == 1


def test_what_goes_in_late_does_not_make_a_silent_source_fresh(send: Send, usage_source: Source) -> None:
    send("track", call(1, "acme"))
    send("track", call(2, "acme"))
    AccountFactory(external_id="acme")
    send("track", call(2, "acme"))
    silent_since = timezone.now() - timedelta(days=3)
    Source.objects.filter(pk=usage_source.pk).update(last_received_at=silent_since)

    assert take_in_waiting(now=timezone.now()) == [True, True]

    usage_source.refresh_from_db()
    assert (usage_source.last_received_at, Event.objects.count()) == (silent_since, 2)


def sent(sender: Sender, *events: dict[str, Any]) -> list[int]:
    return [take_in(sender, each | {"id": f"evt_{n}"}, now=NOW).accepted for n, each in enumerate(events)]


def test_a_subscription_that_came_before_its_customer() -> None:
    account, sender = AccountFactory(external_id="acme"), sender_of_billing()
    told = [
        event("customer.subscription.created", subscription(item(quantity=3)), at("2026-03-01")),
        event("customer.subscription.updated", subscription(item(quantity=5)), at("2026-03-05")),
        event("customer.created", customer(metadata={"account_id": "acme"}), at("2026-02-28")),
    ]
    assert sent(sender, *told) == [0, 0, 1]

    assert take_in_waiting(now=timezone.now()) == [True, True]

    terms = SubscriptionTerm.objects.order_by("from_day").values_list("subscription__account", "seats")
    assert list(terms) == [(account.pk, 3), (account.pk, 5)]


def test_what_is_refused_for_another_reason_too_is_not_tried_over_and_over(send: Send) -> None:
    send("track", call(1, "acme") | {"timestamp": timezone.now().isoformat()})
    AccountFactory(external_id="acme")
    RefusedItem.objects.update(raw="{}")
    now = timezone.now()

    assert take_in_waiting(now=now) == [False]
    assert take_in_waiting(now=now) == []
    assert take_in_waiting(now=now + timedelta(minutes=11)) == [False]
