"""What came before its account, or its customer of billing, goes in by itself once they are known."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.intake.models import ProfileCall, RefusedItem
from accounts.intake.replaying import replay
from accounts.intake.stripe.verbs import take_in
from accounts.intake.waiting import take_in_all_waiting, take_in_waiting
from accounts.records.models import Contact, SubscriptionTerm
from accounts.sources.models import Source
from accounts.sources.queries import Sender
from accounts.usage.models import DailyUsage, Event
from loyalty.core.people.models import User
from loyalty.pipeline import react_now
from tests.accounts.intake.stripe.conftest import NOW
from tests.accounts.intake.stripe.objects import at, customer, event, item, subscription
from tests.accounts.intake.stripe.test_any_order import sender_of_billing
from tests.factories.records import AccountFactory, ContactFactory

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


def test_what_the_batch_told_for_its_calls_stays_with_them(send: Send) -> None:
    batch = {
        "batch": [{"type": "track", "event": "Report Generated", "userId": "maria"}],
        "context": {"groupId": "acme"},
        "sentAt": "2026-03-30T08:00:00Z",
    }
    assert send("batch", batch).json()["accepted"] == 0
    account = AccountFactory(external_id="acme")

    assert take_in_waiting(now=timezone.now()) == [True]

    kept = Event.objects.get()
    assert (kept.account, kept.occurred_at.isoformat()) == (account, "2026-03-30T08:00:00+00:00")
    assert send("batch", batch).json()["duplicates"] == 1


def test_what_the_batch_told_is_shown_beside_what_came(
    send: Send, product: User, signed_in_as: Callable[[User], Client]
) -> None:
    item = {"type": "track", "event": "Report Generated", "userId": "maria"}
    own = item | {"context": {"groupId": "globex"}, "timestamp": "2026-03-30T07:00:00Z"}
    send("batch", {"batch": [item, own], "context": {"groupId": "acme"}, "sentAt": "2026-03-30T08:00:00Z"})

    first, second = (
        signed_in_as(product).get(f"/events/refused/{refused.pk}/").content.decode()
        for refused in RefusedItem.objects.order_by("id")
    )
    assert "<dt>Account of its batch</dt><dd><code>acme</code></dd>" in first
    assert "<dt>Its batch was sent</dt><dd><code>2026-03-30T08:00:00Z</code></dd>" in first
    assert "its batch" not in second.lower()


def settled() -> None:
    """Looks at what waits until nothing more goes in."""
    while any(take_in_waiting(now=timezone.now())):
        pass


def test_use_that_came_before_the_contact_was_at_an_account(send: Send) -> None:
    track = {"type": "track", "event": "Report Generated"}
    early = [track | {"userId": user, "messageId": user} for user in ("maria", "mary", "nobody")]
    assert len(send("batch", {"batch": early}).json()["refused"]) == 3
    send("identify", {"userId": "maria"})
    settled()
    assert not RefusedItem.objects.exclude(retried_at=None).exists()
    assert send("track", track | {"userId": "maria", "messageId": "second"}).json()["code"] == "contact_without_account"

    send("group", {"userId": "maria", "groupId": "acme"})
    send("alias", {"previousId": "mary", "userId": "maria"})
    settled()

    assert set(Event.objects.values_list("message_id", "account__external_id", "contact__external_id")) == {
        (message_id, "acme", "maria") for message_id in ("maria", "mary", "second")
    }
    left = RefusedItem.objects.get(went_in_at=None)
    assert (left.waits_for, left.waits_as, left.retried_at) == ("nobody", "placed", None)


def test_an_account_and_a_contact_of_one_id_are_told_apart(send: Send) -> None:
    send("track", {"event": "Report Generated", "userId": "acme"})
    send("track", call(1, "maria"))
    AccountFactory(external_id="acme")
    ContactFactory(external_id="maria", account=AccountFactory())

    assert take_in_waiting(now=timezone.now()) == []


@pytest.fixture
def cdp(usage_source: Source) -> Source:
    """The sender is the system of record for usage alone: accounts are the CRM's."""
    usage_source.kinds.filter(kind="account").delete()
    return usage_source


def test_a_contact_whose_account_the_crm_tells_later(send: Send, cdp: Source) -> None:
    send("track", {"event": "Report Generated", "userId": "maria", "messageId": "m"})
    send("group", {"userId": "maria", "groupId": "acme", "messageId": "g"})
    account = AccountFactory(external_id="acme")

    assert take_in_all_waiting(now=timezone.now()) == 2

    assert (Contact.objects.get().account, Event.objects.get().account) == (account, account)


def test_an_identify_call_that_names_an_account_nobody_knew(send: Send, cdp: Source) -> None:
    named = {"userId": "maria", "traits": {"name": "Maria"}}
    times = {"acme": "2026-03-02T00:00:00Z", "globex": "2026-03-03T00:00:00Z", "beta": "2026-03-01T00:00:00Z"}
    for group, told_at in times.items():
        assert send("identify", named | {"context": {"groupId": group}, "timestamp": told_at}).json()["accepted"] == 1
    send("track", {"event": "Report Generated", "userId": "maria", "messageId": "m"})
    assert take_in_waiting(now=timezone.now()) == []
    for group in ("beta", "acme"):
        account = AccountFactory(external_id=group)

    assert take_in_waiting(now=timezone.now()) == [True]

    contact = Contact.objects.get()
    assert (contact.account, contact.placed_at.isoformat()) == (account, "2026-03-02T00:00:00+00:00")
    assert Event.objects.get().account == account
    calls = ProfileCall.objects.order_by("id").values_list("account__external_id", "waits_for")
    assert list(calls) == [("acme", ""), (None, "globex"), ("beta", "")]


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
    # The longer it has waited, the longer it is left alone.
    assert take_in_waiting(now=now + timedelta(minutes=21)) == []
    assert take_in_waiting(now=now + timedelta(minutes=23)) == [False]
    assert take_in_waiting(now=now + timedelta(minutes=45)) == []


def test_what_a_person_tried_before_its_time_does_not_wait_longer_for_it(send: Send, administrator: User) -> None:
    send("track", call(1, "acme"))
    item, now = RefusedItem.objects.get(), timezone.now()
    RefusedItem.objects.update(received_at=now - timedelta(days=3))
    replay(item.pk, acting_user=administrator)
    AccountFactory(external_id="acme")

    assert take_in_waiting(now=now + timedelta(minutes=11)) == [True]
