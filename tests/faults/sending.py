"""What the fault scenarios send over HTTP, as a client that retries with the same ids, and what came of it."""

import base64
import json
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import psycopg

EVENT = "Custom Report Generated"

OFFERS = """
SELECT count(DISTINCT o.account_id), count(*) FROM rewards_offer o
JOIN accounts_account a ON a.id = o.account_id WHERE a.external_id LIKE %s
"""


def batch_of(numbers: Iterable[int], prefix: str = "fault") -> list[dict[str, Any]]:
    """For each number an account and the event that reaches its milestone."""
    now = datetime.now(UTC).isoformat()
    batch: list[dict[str, Any]] = []
    for n in numbers:
        name = f"{prefix}-{n:05}"
        batch += [
            {"type": "group", "messageId": f"{name}-g", "groupId": name, "userId": name, "traits": {"name": name}},
            {
                "type": "track",
                "messageId": f"{name}-t",
                "event": EVENT,
                "userId": name,
                "timestamp": now,
                "context": {"groupId": name},
            },
        ]
    return batch


def headers_of(key: str) -> dict[str, str]:
    """JSON, with the key as the user name of HTTP Basic."""
    basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    return {"Content-Type": "application/json", "Authorization": basic}


def post(url: str, key: str, batch: list[dict[str, Any]]) -> None:
    """Send a batch once; it must be taken in."""
    request = urllib.request.Request(url + "/v1/batch", json.dumps({"batch": batch}).encode(), headers_of(key))
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200, answer.read()


def offers(connection: psycopg.Connection, prefix: str = "fault") -> tuple[int, int]:
    """The accounts of a scenario that have an offer, and their offers."""
    row = connection.execute(OFFERS, [f"{prefix}-%"]).fetchone()
    return (row[0], row[1]) if row else (0, 0)
