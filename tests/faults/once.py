"""Fault row 10: one idempotency key many times at once, and with another body; over real connections.

Each scenario says how many answers there were of each kind, and what is in the
database afterwards. An answer is told as its status and, where it was refused,
the places that it names.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tests.faults.ways import ACCOUNT, STANDARD_SECRETS, Answer, all_at_once, basic, call, fresh_id, standard

_PLACES = re.compile(r"differs at (.+?)\. Nothing")


@dataclass(frozen=True)
class Once:
    """What came of a key: answers by (status, what they say), how often its effect is there, and the answers' texts."""

    answers: Counter[tuple[int, str]]
    effects: int
    texts: set[str] = field(default_factory=set)


def webhook_many_times(address: str, source_id: int, times: int, *, other: int = 0) -> Once:
    """One webhook id `times` at once; `other` of them with another body, which nobody has sent before."""
    webhook_id, name = f"msg-{fresh_id()}", f"once-{fresh_id()}"
    told = {"external_id": name, "updated_at": "2026-03-10T09:00:00Z", "account": ACCOUNT}
    told |= {"opened_at": "2026-03-09T08:00:00Z"}
    bodies = [told | {"priority": "high" if n >= other else "low"} for n in range(times)]

    def send(data: dict[str, Any]) -> Answer:
        body = json.dumps({"type": "ticket", "data": data}).encode()
        headers = standard(STANDARD_SECRETS[0], webhook_id, body, datetime.now(UTC))
        return call(address, f"/webhooks/{source_id}", body, {"Content-Type": "application/json"} | headers)

    answers = all_at_once([partial(send, data) for data in bodies])
    from accounts.intake.hooks.models import HookCall
    from accounts.records.models import Ticket

    effects = Ticket.objects.filter(external_id=name).count()
    assert HookCall.objects.filter(webhook_id=webhook_id).count() == 1
    return Once(Counter((a.status, _said(a)) for a in answers), effects, {json.dumps(a.content) for a in answers})


def event_many_times(address: str, key: str, times: int, *, other: int = 0, channel: str = "track") -> Once:
    """One message id `times` at once; `other` of them with another property."""
    message_id = f"once-{fresh_id()}"
    told = {"type": "track", "event": "Custom Report Generated", "messageId": message_id}
    told |= {"context": {"groupId": ACCOUNT}, "timestamp": "2026-03-10T09:00:00Z"}
    events = [told | {"properties": {"format": "pdf" if n >= other else "csv"}} for n in range(times)]

    def send(event: dict[str, Any]) -> Answer:
        body = {"batch": [event]} if channel == "batch" else event
        return call(address, f"/v1/{channel}", json.dumps(body).encode(), basic(key))

    before = _counted()
    answers = all_at_once([partial(send, event) for event in events])
    from accounts.usage.models import Event

    assert _counted() - before == Event.objects.filter(message_id=message_id).count()
    return Once(Counter((a.status, _said(a)) for a in answers), _counted() - before)


def _said(answer: Answer) -> str:
    """What an answer tells of the one thing that was sent."""
    told = answer.content
    refused = told.get("refused") or []
    words = told.get("message") or (refused[0]["reason"] if refused else "")
    if places := _PLACES.search(words):
        return f"differs at {places.group(1)}"
    return words or ("accepted" if told.get("accepted") else "duplicate")


def _counted() -> int:
    """The events that daily usage has counted for the account."""
    from accounts.usage.models import DailyUsage

    return sum(DailyUsage.objects.filter(account__external_id=ACCOUNT).values_list("events", flat=True))
