"""What the Node libraries put on the wire, as observed: headers, encodings, and the names of the fields.

Made here in the same shape, so that the suite needs no Node; the benchmark
`clients` holds these against what the real libraries send.
"""

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.clients.story import Story

NOW = datetime(2026, 11, 20, 9, 30, 0, 250000, tzinfo=UTC)
SENT_AT = datetime(2026, 11, 20, 9, 30, 0, 261000, tzinfo=UTC)


@dataclass(frozen=True)
class Wire:
    """One request as a library sends it."""

    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        is_gzip = self.headers.get("Content-Encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if is_gzip else self.body)


def segment_node(story: Story, key: str) -> list[Wire]:
    """@segment/analytics-node 3: plain JSON, the key twice, a time in every call."""
    calls = [
        _timed(fields)
        | {
            "integrations": {},
            "type": name,
            "context": fields.get("context", {}) | {"library": {"name": "@segment/analytics-node", "version": "3.1.0"}},
            "messageId": fields.get("messageId", f"node-next-1795647827951-{story.prefix}-{place}"),
            "_metadata": {"nodeVersion": "v20.20.2", "jsRuntime": "node"},
        }
        | ({"properties": fields.get("properties", {})} if name in {"track", "page", "screen"} else {})
        for place, (name, fields) in enumerate(story.calls())
    ]
    body = {"batch": calls, "writeKey": key, "sentAt": _text(SENT_AT)}
    headers = {"Content-Type": "application/json", "User-Agent": "analytics-node-next/latest"}
    return [Wire(headers | {"Authorization": _basic(key)}, _json(body))]


def rudder_node(story: Story, key: str) -> list[Wire]:
    """@rudderstack/rudder-sdk-node 3: gzip JSON that calls itself a form; the first call goes alone.

    Only a call that was given a time has `timestamp`; the others have `originalTimestamp` alone.
    """
    calls = []
    for place, (name, fields) in enumerate(story.calls()):
        context = fields.get("context", {}) | {"library": {"name": "analytics-node", "version": "3.0.13"}}
        if name == "identify":
            context |= {"traits": fields["traits"]}
        told = {n: _text(v) if isinstance(v, datetime) else v for n, v in fields.items()} | {
            "type": name,
            "context": context,
            "channel": "server",
            "_metadata": {"nodeVersion": "20.20.2"},
            "originalTimestamp": _text(NOW.replace(microsecond=NOW.microsecond + 1000 * place)),
            "messageId": fields.get("messageId", f"{story.prefix}-{place}-867a70e7"),
            "sentAt": _text(SENT_AT),
        }
        calls.append(told)
    headers = {
        "Accept": "application/json, text/plain, */*",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Encoding": "gzip",
        "User-Agent": "analytics-node/3.0.13",
        "Authorization": _basic(key),
    }
    times = {"timestamp": _text(SENT_AT), "sentAt": _text(SENT_AT)}
    return [Wire(headers, gzip.compress(_json({"batch": batch} | times), mtime=0)) for batch in (calls[:1], calls[1:])]


SHAPES: dict[str, Callable[[Story, str], list[Wire]]] = {
    "@segment/analytics-node": segment_node,
    "@rudderstack/rudder-sdk-node": rudder_node,
}


def field_names(contents: list[Any]) -> dict[str, list[str]]:
    """Where → the names that stand there: of the bodies, of the calls by their type, and of their contexts."""
    names: dict[str, set[str]] = {"body": {name for content in contents for name in content}}
    for call in (call for content in contents for call in content["batch"]):
        # A call that was given a time or an account has a field more than its like.
        names.setdefault(call["type"], set()).update(call)
        names.setdefault(f"context of {call['type']}", set()).update(call["context"])
    return {where: sorted(found) for where, found in names.items()}


def _timed(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"timestamp": _text(fields.get("timestamp", NOW))}


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()
