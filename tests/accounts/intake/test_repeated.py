"""One message id, one call: the same again has no effect, another body is refused and told where it differs."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.intake.models import IntakeBatch, ProfileCall, RefusedItem
from accounts.intake.places import differing
from accounts.records.models import Account, Contact
from accounts.usage.models import DailyUsage, Event
from tests.concurrency import at_once
from tests.factories.records import AccountFactory, ContactFactory
from tests.factories.sources import SourceFactory

Send = Callable[..., Any]
AT = "2026-03-31T14:05:00.250Z"
NAMED = "messageId m1 was taken in before with another body: it differs at "


def track(**fields: Any) -> dict[str, Any]:
    told = {"type": "track", "event": "Report Generated", "userId": "maria", "timestamp": AT, "messageId": "m1"}
    return told | {"properties": {"format": "pdf", "pages": 4}} | fields


@pytest.fixture
def maria(db: None) -> Contact:
    return ContactFactory(external_id="maria", account=AccountFactory(external_id="acme"))


def batches() -> list[tuple[int, int, int]]:
    return list(IntakeBatch.objects.order_by("id").values_list("accepted", "duplicates", "refused"))


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        ({"event": "Signed In"}, "event"),
        ({"timestamp": "2026-03-31T14:05:00.251Z"}, "timestamp"),
        ({"userId": "other"}, "userId"),
        ({"context": {"groupId": "beta"}}, "context.groupId"),
        ({"properties": {"format": "csv", "pages": 4}}, "properties.format"),
        ({"properties": {"format": "pdf", "pages": 4, "sent": True}}, "properties.sent"),
        ({"event": "E", "properties": {}}, "event, properties, properties.pages and 1 more"),
    ],
)
def test_another_body_is_refused_and_changes_nothing(
    send: Send, maria: Contact, changed: dict[str, Any], places: str
) -> None:
    ContactFactory(external_id="other", account=maria.account)
    AccountFactory(external_id="beta")
    assert send("track", track()).json()["accepted"] == 1
    before = list(Event.objects.values()), list(DailyUsage.objects.values())
    answer = send("track", track() | changed)
    assert (answer.status_code, answer.json()["code"]) == (409, "other_body")
    assert answer.json()["message"].startswith(NAMED + places + ". ")
    assert (list(Event.objects.values()), list(DailyUsage.objects.values())) == before
    assert batches() == [(1, 0, 0), (0, 0, 1)]
    assert RefusedItem.objects.get().message_id == "m1"


@pytest.mark.parametrize(
    "changed",
    [
        {"sentAt": "2026-04-01T00:00:00Z", "receivedAt": "x"},
        {"timestamp": "2026-03-31T16:05:00.250+02:00"},
        {"properties": {"pages": 4.0, "format": "pdf"}},
        {"context": {"groupId": "acme", "library": {"name": "other"}}},
    ],
)
def test_the_same_in_other_words_is_a_repetition(send: Send, maria: Contact, changed: dict[str, Any]) -> None:
    send("track", track())
    assert send("track", track() | changed).json() == {"success": True, "accepted": 0, "duplicates": 1, "refused": []}


def test_a_call_without_a_time_of_its_own_may_come_at_another(send: Send, maria: Contact) -> None:
    call = track(timestamp=None)
    send("track", call | {"sentAt": "2026-03-31T14:00:00Z"})
    assert send("track", call | {"sentAt": "2026-04-01T14:00:00Z"}).json()["duplicates"] == 1


def test_in_a_batch_each_is_told_by_its_index(send: Send, maria: Contact) -> None:
    send("track", track())
    other = track(properties={"format": "csv", "pages": 4})
    fresh, twice = track(messageId="m2"), track(messageId="m2", event="Signed In")
    answer = send("batch", {"batch": [track(), other, fresh, twice, fresh]})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["success"], told["accepted"], told["duplicates"]) == (True, 1, 2)
    assert [(r["index"], r["messageId"], r["code"]) for r in told["refused"]] == [
        (1, "m1", "other_body"),
        (3, "m2", "other_body"),
    ]
    assert "differs at event" in told["refused"][1]["reason"]
    assert batches() == [(1, 0, 0), (1, 2, 2)]
    assert sorted(Event.objects.values_list("message_id", "name")) == [
        ("m1", "Report Generated"),
        ("m2", "Report Generated"),
    ]


def test_so_it_is_beside_calls_that_take_the_long_way(send: Send, maria: Contact) -> None:
    send("track", track())
    items = [track(event="E"), track(), {"type": "identify", "userId": "maria", "messageId": "i"}, track(messageId="n")]
    told = send("batch", {"batch": [*items, {"type": "nonsense"}]}).json()
    assert (told["accepted"], told["duplicates"]) == (2, 1)
    assert [(r["index"], r["code"]) for r in told["refused"]] == [(0, "other_body"), (4, "unknown_type")]


@pytest.mark.parametrize(
    ("channel", "call", "changed", "places"),
    [
        ("identify", {"userId": "maria", "traits": {"name": "M"}}, {"traits": {"name": "N"}}, "traits.name"),
        ("group", {"groupId": "acme", "traits": {}}, {"groupId": "beta"}, "groupId"),
        ("identify", {"userId": "maria", "timestamp": AT}, {"timestamp": "2026-01-01T00:00:00Z"}, "timestamp"),
    ],
)
def test_profile_calls_are_held_to_it_too(
    send: Send, maria: Contact, channel: str, call: dict[str, Any], changed: dict[str, Any], places: str
) -> None:
    send(channel, call | {"messageId": "m1"})
    before = list(Contact.objects.values()), list(Account.objects.filter(external_id="acme").values())
    answer = send(channel, call | {"messageId": "m1"} | changed)
    assert (answer.status_code, answer.json()["code"]) == (409, "other_body")
    assert answer.json()["message"].startswith(NAMED + places + ". ")
    assert (list(Contact.objects.values()), list(Account.objects.filter(external_id="acme").values())) == before
    assert ProfileCall.objects.count() == 1
    assert batches() == [(1, 0, 0), (0, 0, 1)]


def test_message_ids_of_another_source_are_its_own(send: Send, maria: Contact) -> None:
    send("track", track())
    SourceFactory(name="Second", key="second")
    assert send("track", track(event="E"), key="second").json()["code"] == "not_system_of_record"


@pytest.mark.django_db(transaction=True)
def test_at_once_one_body_stands_and_every_other_is_told(send: Send, maria: Contact) -> None:
    same, other = track(), track(event="Signed In")
    answers = at_once([lambda: send("track", same)] * 6 + [lambda: send("track", other)] * 6)
    told = [(a.status_code, a.json()["accepted"], a.json()["duplicates"]) for a in answers]  # type: ignore[attr-defined]
    assert told.count((200, 1, 0)) == 1
    assert told.count((200, 0, 1)) == 5
    assert told.count((409, 0, 0)) == 6
    stands = Event.objects.get().name == "Report Generated"
    assert {status for status, _, _ in told[6 if stands else 0 : 12 if stands else 6]} == {409}
    assert DailyUsage.objects.get().events == 1


def test_places_are_named_and_values_are_not_mixed_up() -> None:
    assert differing({"a": [1, {"b": True}], "c": 1}, {"a": [1.0, {"b": 1}], "c": 1}) == ["a[1].b"]
    assert differing({"a": []}, {"a": [1]}) == ["a[0]", "a"]
    assert differing({"\ud800\0" * 200: 1}, {"a": 1}) == ["a", ("\\ud800\\x00" * 75) + "…"]
