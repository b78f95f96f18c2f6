"""The ways in that are signed, and the plain one: how a system of each kind sends, for faults to be done to it."""

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from uuid import uuid4

from accounts.sources.rules import Scheme

ACCOUNT = "ways-acme"
STANDARD_SECRETS = [f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2, 3)]
Headers = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What the server said. `content` is its JSON, or {} when it was none."""

    status: int
    content: dict[str, Any]


@dataclass(frozen=True)
class Way:
    """One signed way in: the secrets to rotate, a body for the n-th object, and how it is signed."""

    scheme: Scheme
    path: str
    secrets: list[str]
    body: Callable[[int], Any]
    sign: Callable[[str, str, bytes, datetime], Headers]

    def headers(self, secret: str, address: str, body: bytes, at: datetime) -> Headers:
        """Signed at a time; `address` is the whole address that is called."""
        return {"Content-Type": "application/json"} | self.sign(secret, address, body, at)


def ways(source_id: int) -> list[Way]:
    """Every signed way into a source."""
    path = f"/webhooks/{{}}{source_id}"
    return [
        Way(Scheme.STANDARD, path.format(""), STANDARD_SECRETS, _ticket, _standard),
        Way(Scheme.HUBSPOT, path.format("hubspot/"), ["h-1", "h-2", "h-3"], _company, _hubspot),
        Way(Scheme.ZENDESK, path.format("zendesk/"), ["z-1", "z-2", "z-3"], _zendesk_ticket, _zendesk),
        Way(Scheme.STRIPE, path.format("stripe/"), ["whsec_s1", "whsec_s2", "whsec_s3"], _customer, _stripe),
    ]


def call(address: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send one request over a connection of its own; `address` is host and port."""
    line = http.client.HTTPConnection(address, timeout=60)
    try:
        line.request("POST", path, body, dict(headers))
        answer = line.getresponse()
        text = answer.read()
        is_json = answer.headers.get_content_type() == "application/json"
        return Answer(answer.status, json.loads(text) if is_json else {})
    finally:
        line.close()


def all_at_once(calls: list[Callable[[], Answer]]) -> list[Answer]:
    """Send all of them at the same moment, each from a thread of its own."""
    start = Barrier(len(calls))

    def send(one: Callable[[], Answer]) -> Answer:
        start.wait(timeout=60)
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(send, calls))


@contextmanager
def chunked(address: str, path: str, headers: Mapping[str, str]) -> Iterator[http.client.HTTPResponse]:
    """Send a body without saying how long it is."""
    line = http.client.HTTPConnection(address, timeout=60)
    try:
        line.request("POST", path, iter([b"{", b"}"]), dict(headers), encode_chunked=True)
        yield line.getresponse()
    finally:
        line.close()


def basic(key: str) -> Headers:
    """JSON, with the key as the user name of HTTP Basic."""
    told = base64.b64encode(f"{key}:".encode()).decode()
    return {"Content-Type": "application/json", "Authorization": f"Basic {told}"}


def _ticket(n: int) -> Any:
    told = {"updated_at": "2026-03-10T09:00:00Z", "account": ACCOUNT, "opened_at": "2026-03-09T08:00:00Z"}
    return {"type": "ticket", "data": told | {"external_id": f"ways-ticket-{n}"}}


def _company(n: int) -> Any:
    told = {"subscriptionType": "company.propertyChange", "propertyName": "name", "propertyValue": f"Company {n}"}
    return [told | {"objectId": 900_000 + n, "occurredAt": 1_772_000_000_000}]


def _zendesk_ticket(n: int) -> Any:
    detail = {"id": str(800_000 + n), "created_at": "2026-03-09T08:00:00Z", "updated_at": "2026-03-10T09:00:00Z"}
    return {"type": "zen:event-type:ticket.created", "detail": detail | {"organization_id": ACCOUNT}}


def _customer(n: int) -> Any:
    told = {"id": f"cus_ways{n}", "object": "customer", "created": 1_772_000_000, "name": f"Customer {n}"}
    told |= {"email": None, "metadata": {"account_id": ACCOUNT}, "livemode": False}
    event = {"id": f"evt_ways{n}", "object": "event", "type": "customer.created", "created": 1_772_000_000}
    return event | {"livemode": False, "api_version": "2026-10-29.clover", "data": {"object": told}}


def _standard(secret: str, address: str, body: bytes, at: datetime) -> Headers:
    webhook_id = f"msg_{hashlib.sha256(body).hexdigest()[:20]}"
    return standard(secret, webhook_id, body, at)


def standard(secret: str, webhook_id: str, body: bytes, at: datetime) -> Headers:
    """The headers of Standard Webhooks, whatever the bytes are."""
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = _hmac(key, f"{webhook_id}.{stamp}.".encode() + body)
    return {"webhook-id": webhook_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


def _hubspot(secret: str, address: str, body: bytes, at: datetime) -> Headers:
    stamp = str(int(at.timestamp() * 1000))
    signature = _hmac(secret, f"POST{address}".encode() + body + stamp.encode())
    return {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}


def _zendesk(secret: str, address: str, body: bytes, at: datetime) -> Headers:
    stamp = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    signature = _hmac(secret, stamp.encode() + body)
    return {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": stamp}


def _stripe(secret: str, address: str, body: bytes, at: datetime) -> Headers:
    stamp = str(int(at.timestamp()))
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={signature}"}


def _hmac(key: str | bytes, text: bytes) -> str:
    secret = key.encode() if isinstance(key, str) else key
    return base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()


def fresh_id() -> str:
    """An id that nobody has sent yet."""
    return uuid4().hex
