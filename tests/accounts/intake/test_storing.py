"""What the endpoint stores, and what it answers."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.facts.models import FactsDirty
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.records.models import Contact
from accounts.sources.models import Source
from accounts.usage.models import ContactDay, DailyUsage, Event, EventDay, KeyAction
from tests.factories.records import AccountFactory, ContactFactory

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]
AT = "2026-03-31T14:05:00.250Z"


def track(name: str = "Report Generated", **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "userId": "maria", "timestamp": AT} | fields


@pytest.fixture
def maria() -> Contact:
    return ContactFactory(external_id="maria", account=AccountFactory(external_id="acme"))


def test_a_batch_is_stored_and_added_up(send: Send, maria: Contact) -> None:
    KeyAction.objects.create(event_name="Report Generated")
    answer = send(
        "batch",
        {
            "batch": [
                track(messageId="m1", properties={"duration_seconds": 90, "format": "pdf"}),
                track(messageId="m2"),
                track("Signed In", messageId="m3", context={"groupId": "acme"}),
                track("Signed In", messageId="m4", userId=None, context={"groupId": "acme"}),
            ]
        },
    )
    assert answer.status_code == 200
    assert answer.json() == {"success": True, "accepted": 4, "duplicates": 0, "refused": []}
    event = Event.objects.get(message_id="m1")
    assert event.properties == {"duration_seconds": 90, "format": "pdf"}
    assert event.occurred_at == datetime(2026, 3, 31, 14, 5, 0, 250000, tzinfo=UTC)
    assert (event.account, event.contact, event.seconds) == (maria.account, maria, 90)
    day = DailyUsage.objects.get()
    assert (day.account_id, day.day) == (maria.account_id, date(2026, 3, 31))
    assert (day.events, day.key_actions, day.sign_ins, day.seconds) == (4, 2, 2, 90)
    assert set(EventDay.objects.values_list("name", "quantity")) == {("Report Generated", 2), ("Signed In", 2)}
    assert set(ContactDay.objects.values_list("contact_id", "events", "key_actions")) == {(maria.pk, 3, 2)}
    assert set(FactsDirty.objects.values_list("account_id", "day")) == {(maria.account_id, date(2026, 3, 31))}


def test_a_batch_sent_again_changes_nothing(send: Send, maria: Contact) -> None:
    batch = {"batch": [track(messageId="m1"), track(messageId="m1"), track()]}
    assert send("batch", batch).json() == {"success": True, "accepted": 2, "duplicates": 1, "refused": []}
    FactsDirty.objects.all().delete()
    assert send("batch", batch).json() == {"success": True, "accepted": 0, "duplicates": 3, "refused": []}
    assert Event.objects.count() == 2
    assert DailyUsage.objects.get().events == 2
    assert not FactsDirty.objects.exists()
    assert list(IntakeBatch.objects.order_by("id").values_list("channel", "accepted", "duplicates", "refused")) == [
        ("batch", 2, 1, 0),
        ("batch", 0, 3, 0),
    ]


def test_a_group_and_its_first_event_may_come_together(send: Send) -> None:
    answer = send(
        "batch",
        {
            "batch": [
                track(messageId="m1"),
                {"type": "identify", "userId": "maria", "messageId": "m2", "traits": {"name": "Maria", "email": "m@x"}},
                {"type": "group", "userId": "maria", "groupId": "acme", "messageId": "m3", "traits": {"name": "Acme"}},
            ]
        },
    )
    assert answer.json()["accepted"] == 3
    contact = Contact.objects.select_related("account").get()
    assert (contact.name, contact.email, contact.account.name) == ("Maria", "m@x", "Acme")
    assert Event.objects.get().contact == contact


def test_an_event_before_its_identify_makes_the_contact(send: Send) -> None:
    account = AccountFactory(external_id="acme")
    answer = send("track", track(userId="new", context={"groupId": "acme"}))
    assert answer.json() == {"success": True, "accepted": 1, "duplicates": 0, "refused": []}
    contact = Contact.objects.get(external_id="new")
    assert contact.account == account
    assert Event.objects.get().contact == contact
    assert ContactDay.objects.get().contact == contact


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"userId": "nobody-knows"}, "unknown_contact"),
        ({"context": {"groupId": "nowhere"}}, "unknown_account"),
        ({"userId": "homeless"}, "contact_without_account"),
        ({"userId": None}, "nobody"),
        ({"userId": {"id": 1}}, "bad_user_id"),
        ({"userId": "u" * 256}, "bad_user_id"),
        ({"context": "acme"}, "bad_context"),
        ({"context": {"groupId": True}}, "bad_group_id"),
        ({"event": ""}, "bad_event_name"),
        ({"event": 7}, "bad_event_name"),
        ({"event": "e" * 201}, "bad_event_name"),
        ({"properties": [1]}, "bad_properties"),
        ({"messageId": 7}, "bad_message_id"),
        ({"messageId": "m" * 256}, "bad_message_id"),
        ({"timestamp": "yesterday"}, "bad_timestamp"),
        ({"timestamp": 1774965900}, "bad_timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "bad_timestamp"),
        ({"timestamp": "1999-01-01T00:00:00Z"}, "too_old"),
        ({"type": "buy"}, "unknown_type"),
        ({"type": None}, "unknown_type"),
        ({"properties": {"note": "x" * 33_000}}, "event_too_large"),
        ({"properties": {"note": "a\0b"}}, "bad_text"),
        ({"event": "\ud800"}, "bad_text"),
        ({"properties": {"n": float("nan")}}, "bad_number"),
        ({"properties": {"n": float("inf")}}, "bad_number"),
    ],
)
def test_a_bad_event_costs_only_itself(send: Send, maria: Contact, change: dict[str, Any], code: str) -> None:
    ContactFactory(external_id="homeless", account=None)
    good, bad = track(messageId="good"), track() | change
    answer = send("batch", {"batch": [bad, good]})
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (1, 0)
    (refused,) = answer.json()["refused"]
    assert (refused["index"], refused["code"]) == (0, code)
    assert Event.objects.get().message_id == "good"
    kept = RefusedItem.objects.get()
    assert (kept.code, kept.reason) == (code, refused["reason"])
    if code != "unknown_type":
        alone = send("track", bad)
        assert (alone.status_code, alone.json()["code"], alone.json()["success"]) == (400, code, False)


def test_an_event_dated_more_than_a_day_ahead_is_refused(send: Send, maria: Contact) -> None:
    soon, late = (timezone.now() + timedelta(hours=h) for h in (23, 25))
    answer = send("batch", {"batch": [track(timestamp=late.isoformat()), track(timestamp=soon.isoformat())]})
    assert [(r["index"], r["code"]) for r in answer.json()["refused"]] == [(0, "too_far_ahead")]
    assert Event.objects.get().occurred_at == soon


def test_only_the_system_of_record_may_send_usage(send: Send, maria: Contact, crm: Source) -> None:
    answer = send("track", track(), key="crm-key")
    assert (answer.status_code, answer.json()["code"]) == (400, "not_system_of_record")
    assert "Usage (product, CDP); Product is." in answer.json()["message"]
    assert not Event.objects.exists()
    assert RefusedItem.objects.get().source == crm


def test_a_source_is_heard_when_it_sends_something_good(send: Send, maria: Contact, usage_source: Source) -> None:
    send("track", track(event=""))
    usage_source.refresh_from_db()
    assert usage_source.last_received_at is None
    send("track", track())
    usage_source.refresh_from_db()
    assert timezone.now() - usage_source.last_received_at < timedelta(seconds=30)


def test_pages_and_screens_are_events_by_name(send: Send, maria: Contact) -> None:
    send("page", {"userId": "maria", "name": "Home", "timestamp": AT})
    send("screen", {"userId": "maria", "timestamp": AT})
    assert set(Event.objects.values_list("name", flat=True)) == {"Viewed Home Page", "Loaded a Screen"}


def test_the_intake_asks_for_no_session(client: Client, django_assert_max_num_queries: Any, maria: Contact) -> None:
    answer = client.post("/v1/track", track(), content_type="application/json")
    assert answer.status_code == 401
    assert not answer.cookies
