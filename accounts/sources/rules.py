"""The five kinds of data, each with one system of record."""

import hashlib
import secrets
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
    Kind.FEEDBACK: "Feedback (NPS, CSAT)",
}
KIND_CHOICES = [(k.value, label) for k, label in KIND_LABELS.items()]


def new_key() -> str:
    """A source key: 32 random bytes, so that a plain digest of it is safe to store."""
    return "lk_" + secrets.token_urlsafe(32)


def key_digest(key: str) -> str:
    """What is stored of a key: its SHA-256 in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
