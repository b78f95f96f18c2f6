"""Requests that are refused as a whole, and the ways to say who one is."""

import base64
import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.intake import rules
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.records.models import Contact
from accounts.sources.models import Source, SourceKey
from accounts.usage.models import DailyUsage, Event
from tests.factories.records import AccountFactory, ContactFactory

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]
TRACK = {"event": "Report Generated", "userId": "maria", "messageId": "m1"}


@pytest.fixture(autouse=True)
def maria() -> Contact:
    return ContactFactory(external_id="maria", account=AccountFactory(external_id="acme"))


def test_gzip_said(send: Send) -> None:
    answer = send("track", gzip.compress(json.dumps(TRACK).encode()), **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


def test_gzip_that_calls_itself_a_form(send: Send) -> None:
    body = gzip.compress(json.dumps(TRACK).encode())
    answer = send("track", body, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


def test_the_key_may_stand_in_the_body(send: Send) -> None:
    assert send("batch", {"writeKey": "key", "batch": [TRACK | {"type": "track"}]}, key="").json()["accepted"] == 1


@pytest.mark.parametrize("key", ["nobody's", "", "\ud800", "k" * 5000])
def test_a_wrong_key_is_refused_and_counted(send: Send, client: Client, key: str) -> None:
    header = "Basic " + base64.b64encode(f"{key}:".encode("utf-8", "surrogatepass")).decode()
    answer = send("track", TRACK, key="", Authorization=header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic ")
    assert answer.json()["code"] == "wrong_key"
    assert not Event.objects.exists()
    assert RefusedItem.objects.get().source is None
    assert IntakeBatch.objects.get().refused == 1


def test_a_broken_authorization_header_is_no_key(send: Send) -> None:
    for header in ("Basic", "Basic ###", "Bearer key", "Basic /w=="):
        assert send("track", TRACK, key="", Authorization=header).status_code == 401


def test_an_expired_key_works_no_longer(send: Send) -> None:
    SourceKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert send("track", TRACK).status_code == 401
    SourceKey.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert send("track", TRACK).status_code == 200


def test_what_nobody_signed_is_kept_in_bounded_number_and_length(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "UNSIGNED_KEPT_A_MINUTE", 3)
    body = {"writeKey": "guess", "note": "x" * 5000}
    assert [send("track", body, key="").status_code for _ in range(5)] == [401] * 5
    assert IntakeBatch.objects.count() == 3
    raw = RefusedItem.objects.values_list("raw", flat=True)
    assert {len(text) for text in raw} == {rules.KEPT_UNREAD_CHARACTERS}
    assert not [text for text in raw if "guess" in text]


def test_a_key_is_never_kept_with_a_refused_body(send: Send, usage_source: Source) -> None:
    send("batch", b'{"writeKey": "key", "batch": [')
    send("batch", {"batch": [{"type": "track", "writeKey": "key"}]})
    assert RefusedItem.objects.filter(source=usage_source).count() == 2
    assert not [text for text in RefusedItem.objects.values_list("raw", flat=True) if '"key"' in text]


@pytest.mark.parametrize(
    ("channel", "body", "status", "code"),
    [
        ("batch", b"{", 400, "malformed_json"),
        ("batch", b"[]", 400, "not_an_object"),
        ("batch", b'"text"', 400, "not_an_object"),
        ("batch", b"null", 400, "not_an_object"),
        ("batch", b"{}", 400, "no_batch"),
        ("batch", b'{"batch": {}}', 400, "no_batch"),
        ("batch", json.dumps({"batch": [1] * 2501}).encode(), 413, "too_many_calls"),
        ("import", b'{"batch": "x"}', 400, "no_batch"),
        ("track", b" " * 512_001, 413, "batch_too_large"),
        ("track", b" " * 10_000_000, 413, "batch_too_large"),
        ("batch", gzip.compress(b" " * 10_000_000, mtime=0), 413, "batch_too_large"),
        ("track", b"\xff\xfe", 400, "not_utf8"),
    ],
)
def test_a_request_refused_as_a_whole_is_counted(
    send: Send, usage_source: Source, channel: str, body: bytes, status: int, code: str
) -> None:
    answer = send(channel, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["success"]) == (status, code, False)
    kept = RefusedItem.objects.get()
    assert (kept.source, kept.call, kept.code, kept.reason) == (usage_source, channel, code, answer.json()["message"])
    assert IntakeBatch.objects.get().refused == 1


def test_items_that_are_no_objects_cost_only_themselves(send: Send) -> None:
    answer = send("batch", {"batch": [1, None, [], "x", TRACK | {"type": "track"}]})
    assert answer.json()["accepted"] == 1
    assert [r["code"] for r in answer.json()["refused"]] == ["not_an_object"] * 4


def test_990_of_1000_are_stored_and_a_retry_is_harmless(send: Send) -> None:
    bad = set(range(5, 1000, 100))
    batch = [
        {"type": "track", "event": "" if i in bad else "Report Generated", "userId": "maria", "messageId": f"m{i}"}
        for i in range(1000)
    ]
    first = send("batch", {"batch": batch}).json()
    assert (first["accepted"], first["duplicates"]) == (990, 0)
    assert [r["index"] for r in first["refused"]] == sorted(bad)
    again = send("batch", {"batch": batch}).json()
    assert (again["accepted"], again["duplicates"], len(again["refused"])) == (0, 990, 10)
    assert Event.objects.count() == 990
    assert DailyUsage.objects.get().events == 990


def test_a_call_without_an_id_is_still_once_only(send: Send) -> None:
    call = {"event": "Report Generated", "userId": "maria", "timestamp": "2026-03-31T14:05:00Z"}
    assert send("track", call | {"sentAt": "2026-03-31T14:05:01Z"}).json()["accepted"] == 1
    assert send("track", call | {"sentAt": "2026-03-31T14:06:00Z"}).json()["duplicates"] == 1
    assert send("track", call | {"event": "Other"}).json()["accepted"] == 1


def test_a_call_without_an_id_and_a_time_counts_each_time_that_it_comes_later(send: Send) -> None:
    call = {"event": "Signed In", "userId": "maria"}
    with time_machine.travel("2026-03-30T08:00:05Z", tick=False) as clock:
        assert send("track", call).json()["accepted"] == 1
        clock.move_to("2026-03-30T08:00:40Z")
        assert send("track", call).json()["duplicates"] == 1
        clock.move_to("2026-03-31T08:00:40Z")
        assert send("track", call).json()["accepted"] == 1


def test_a_call_without_an_id_and_a_time_is_told_from_the_next_by_when_its_batch_was_sent(send: Send) -> None:
    batch = {"batch": [{"type": "track", "event": "Signed In", "userId": "maria"}], "sentAt": "2026-03-30T08:00:00Z"}
    with time_machine.travel("2026-03-30T08:00:05Z", tick=False) as clock:
        assert send("batch", batch).json()["accepted"] == 1
        clock.move_to("2026-03-30T09:00:00Z")
        assert send("batch", batch).json()["duplicates"] == 1
        assert send("batch", batch | {"sentAt": "2026-03-30T08:00:01Z"}).json()["accepted"] == 1


def test_the_time_is_the_first_that_is_told(send: Send) -> None:
    times = {"timestamp": "2026-03-04T00:00:00Z", "originalTimestamp": "2026-03-03", "sentAt": "2026-03-02T10:00:00Z"}
    for left_out in ("", "timestamp", "originalTimestamp"):
        times.pop(left_out, None)
        send("track", {"event": "E", "userId": "maria", **times})
    send("track", {"event": "E", "userId": "maria"})
    days = [f"{at:%Y-%m-%d}" for at in Event.objects.order_by("id").values_list("occurred_at", flat=True)]
    assert days == ["2026-03-04", "2026-03-03", "2026-03-02", f"{timezone.now():%Y-%m-%d}"]


def test_a_database_that_is_away_is_503_with_retry_after(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("the connection was closed")

    monkeypatch.setattr("accounts.intake.api.sender_of", away)
    answer = send("track", TRACK)
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "5", "unavailable")


def test_only_post(client: Client) -> None:
    assert client.get("/v1/track").status_code == 405
    assert client.post("/v1/track/").status_code == 404
