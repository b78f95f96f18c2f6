"""The five kinds of data, each with one system of record, and the keys and secrets that senders use."""

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    ACCOUNT = "account"
    SUBSCRIPTION = "subscription"
    USAGE = "usage"
    SUPPORT = "support"
    FEEDBACK = "feedback"


KIND_LABELS: dict[Kind, str] = {
    Kind.ACCOUNT: "Accounts (CRM)",
    Kind.SUBSCRIPTION: "Subscriptions (billing)",
    Kind.USAGE: "Usage (product, CDP)",
    Kind.SUPPORT: "Support (tickets)",
    Kind.FEEDBACK: "Feedback (NPS, CSAT, consent)",
}
KIND_CHOICES = [(k.value, label) for k, label in KIND_LABELS.items()]


class Scheme(StrEnum):
    """How a sender of webhooks signs them."""

    STANDARD = "standard"
    STRIPE = "stripe"
    HUBSPOT = "hubspot"
    ZENDESK = "zendesk"


SCHEME_LABELS: dict[Scheme, str] = {
    Scheme.STANDARD: "Standard Webhooks",
    Scheme.STRIPE: "Stripe",
    Scheme.HUBSPOT: "HubSpot",
    Scheme.ZENDESK: "Zendesk",
}
SCHEME_CHOICES = [(s.value, label) for s, label in SCHEME_LABELS.items()]

# How long the old key of a source still works after a new one was made.
KEY_OVERLAP = timedelta(hours=24)


class Freshness(StrEnum):
    """Whether a source sends as often as expected; the values are names of statuses."""

    FRESH = "fresh"
    STALE = "stale"
    SILENT = "silent"


def freshness(last_received_at: datetime | None, expected_every: timedelta, now: datetime) -> Freshness:
    """Silent until the first data; stale once nothing came for longer than expected."""
    if last_received_at is None:
        return Freshness.SILENT
    return Freshness.STALE if now - last_received_at > expected_every else Freshness.FRESH


def new_key() -> str:
    """A source key: 32 random bytes, so that a plain digest of it is safe to store."""
    return "lk_" + secrets.token_urlsafe(32)


def key_digest(key: str) -> str:
    """What is stored of a key: its SHA-256 in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes them: whsec_ and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
