"""Fault row 24: a large batch with a few bad events, and the same batch again."""

import json
from dataclasses import dataclass
from typing import Any

from tests.faults.ways import ACCOUNT, Answer, basic, call, fresh_id

EVENTS, BAD_EVERY = 1000, 100
# Each of ten ways to be wrong, with the code of its refusal.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"event": ""}, "bad_event_name"),
    ({"event": None}, "bad_event_name"),
    ({"type": "nonsense"}, "unknown_type"),
    ({"messageId": 7}, "bad_message_id"),
    ({"timestamp": "yesterday"}, "bad_timestamp"),
    ({"timestamp": "2199-01-01T00:00:00Z"}, "too_far_ahead"),
    ({"properties": []}, "bad_properties"),
    ({"context": {"groupId": "nobody-we-know"}}, "unknown_account"),
    ({"context": {}}, "nobody"),
    ({"properties": {"a": "\0"}}, "bad_text"),
]


@dataclass(frozen=True)
class Tried:
    """The answers to the batch and to its repetition, and the events that are there after each."""

    first: Answer
    again: Answer
    stored: int
    stored_after: int
    expected: list[tuple[int, str]]


def send_twice(address: str, key: str) -> Tried:
    """Send 1,000 events of which every hundredth is bad, and send them again."""
    from accounts.usage.models import Event

    run = fresh_id()[:8]
    told = {"type": "track", "event": "Signed In", "context": {"groupId": ACCOUNT}, "timestamp": "2026-03-10T09:00:00Z"}
    events = [told | {"messageId": f"{run}-{n}"} for n in range(EVENTS)]
    expected = []
    for number, (wrong, code) in enumerate(WRONG):
        place = number * BAD_EVERY + 7 * number
        events[place] |= wrong
        expected.append((place, code))
    body = json.dumps({"batch": events}).encode()
    first = call(address, "/v1/batch", body, basic(key))
    stored = Event.objects.filter(message_id__startswith=run).count()
    again = call(address, "/v1/batch", body, basic(key))
    return Tried(first, again, stored, Event.objects.filter(message_id__startswith=run).count(), expected)


def told(answer: Answer) -> tuple[int, int, int, list[tuple[int, str]]]:
    """Status, accepted, duplicates, and the refused by index."""
    refused = [(r["index"], r["code"]) for r in answer.content["refused"]]
    return answer.status, answer.content["accepted"], answer.content["duplicates"], refused
