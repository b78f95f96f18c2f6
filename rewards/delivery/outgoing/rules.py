"""What is told to the outside, how it is signed, when it is tried again, and when an address is left alone.

Signatures are those of Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256
over "id.timestamp.body", one for each secret that works, so that receivers can change over.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from rewards.delivery.backing_off import wait_after


class EventType(StrEnum):
    """What happens that others may be told of."""

    OFFER_DELIVERED = "offer.delivered"
    GRANT_ISSUED = "grant.issued"
    GRANT_REDEEMED = "grant.redeemed"
    GRANT_EXPIRED = "grant.expired"
    TIER_CHANGED = "tier.changed"


EVENT_WORDS: dict[EventType, str] = {
    EventType.OFFER_DELIVERED: "an approved offer reached the customer",
    EventType.GRANT_ISSUED: "a reward was given",
    EventType.GRANT_REDEEMED: "a reward was used, in whole or in part",
    EventType.GRANT_EXPIRED: "a reward’s last day has passed",
    EventType.TIER_CHANGED: "an account rose or fell to another tier",
}
EVENT_CHOICES = [(event.value, f"{event.value}: {words}") for event, words in EVENT_WORDS.items()]


class EndpointState(StrEnum):
    """The values are names of statuses. What happens while an endpoint is paused waits; while it is gone it is lost."""

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"


class DeliveryState(StrEnum):
    """The values are names of statuses."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


# After each failed try; then the delivery has failed and only a person sends it again. As the standard proposes.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
LONGEST_WAIT = WAITS[-1]
# An endpoint that has taken nothing for so long, in so many tries, is taken to be dead.
DEAD_AFTER = timedelta(hours=24)
DEAD_TRIES = 10
# Who claimed a delivery and says nothing for this long is taken to be dead.
LEASE = timedelta(seconds=90)
# How long the secrets before it still sign once a new one is made.
SECRET_OVERLAP = timedelta(hours=24)
GONE_STATUS = 410


def wait_before(tries: int, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many failed tries, or as long as the receiver asked; None when it is given up."""
    return wait_after(tries, WAITS, asked=asked, at_most=LONGEST_WAIT)


def is_dead(failing_for: timedelta, failures: int) -> bool:
    """Whether an endpoint that fails for so long, so many times in a row, is left alone."""
    return failing_for >= DEAD_AFTER and failures >= DEAD_TRIES


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature: "v1," and the HMAC in base64. `secret` is whsec_ and base64; `timestamp` in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers_for(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of one message, signed by each secret."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Loyalty-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in secrets),
    }
