"""Row 23 of the list of faults: never 5xx; refused with a reason; what is accepted comes back equal."""

import base64
import json
import math
from typing import Any

import pytest
from django.test import Client

from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.sources.rules import Kind
from accounts.usage.models import Event
from tests.factories.records import AccountFactory
from tests.factories.sources import SourceFactory
from tests.faults.nasty_json import BAD, BROKEN, GOOD

pytestmark = pytest.mark.django_db
HEADERS = {"Authorization": "Basic " + base64.b64encode(b"key:").decode()}


@pytest.fixture(autouse=True)
def source() -> None:
    SourceFactory(kinds=[Kind.USAGE], key="key")
    AccountFactory(external_id="acme")


def event(value: bytes, message_id: str) -> bytes:
    head = b'{"type": "track", "event": "E", "context": {"groupId": "acme"}, "messageId": "%s", "properties": {"v": '
    return head % message_id.encode() + value + b"}}"


def send(client: Client, body: bytes, channel: str = "track") -> Any:
    return client.post(f"/v1/{channel}", body, content_type="application/json", headers=HEADERS)


def same(a: Any, b: Any) -> bool:
    """Equal as JSON: numbers by their value as a double, since 1e23 may be written out."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return type(a) is not bool and type(b) is not bool and math.isclose(float(a), float(b), rel_tol=0, abs_tol=0)
    return type(a) is type(b) and a == b


def test_what_is_accepted_comes_back_equal(client: Client) -> None:
    for number, text in enumerate(GOOD):
        answer = send(client, event(text.encode(), f"m{number}"))
        assert (answer.status_code, answer.json()["success"]) == (200, True), text[:80]
        kept = Event.objects.get(message_id=f"m{number}").properties
        assert same(kept, {"v": json.loads(text)}), text[:80]
    assert Event.objects.count() == len(GOOD)


def test_what_cannot_be_kept_is_refused_with_its_reason(client: Client) -> None:
    told = [(code, text) for code, texts in BAD.items() for text in texts]
    for code, text in told:
        answer = send(client, event(text.encode(), "m"))
        assert (answer.status_code, answer.json()["code"]) == (400, code), text[:80]
        assert RefusedItem.objects.latest("id").reason == answer.json()["message"]
    assert not Event.objects.exists()
    assert RefusedItem.objects.count() == len(told)


def test_a_bad_one_does_not_cost_the_good_ones_beside_it(client: Client) -> None:
    bad = [text for texts in BAD.values() for text in texts if len(text) < 10_000]
    good = [text for text in GOOD if len(text) < 4_000]
    events = [event(text.encode(), f"m{number}") for number, text in enumerate(bad + good)]
    answer = send(client, b'{"batch": [' + b",".join(events) + b"]}", "batch")
    assert (answer.status_code, answer.json()["accepted"]) == (200, len(good))
    assert [r["index"] for r in answer.json()["refused"]] == list(range(len(bad)))
    assert Event.objects.count() == len(good)


def test_what_is_no_json_is_refused_as_a_whole(client: Client) -> None:
    for value in BROKEN:
        for body in (event(value, "m"), value):
            answer = send(client, body)
            assert answer.status_code == 400, value[:80]
            assert answer.json()["success"] is False
    assert not Event.objects.exists()
    assert IntakeBatch.objects.count() == 2 * len(BROKEN)


def test_everything_refused_can_be_looked_at(client: Client, administrator: Any) -> None:
    for texts in BAD.values():
        send(client, event(texts[-1].encode(), "m"))
    for value in BROKEN[-12:]:
        send(client, event(value, "m"))
    client.force_login(administrator)
    for item in RefusedItem.objects.all():
        assert client.get(f"/events/refused/{item.pk}/").status_code == 200
