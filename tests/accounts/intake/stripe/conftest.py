"""Stripe as the system of record for subscriptions, and a way to send as it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from stripe import WebhookSignature

from accounts.records.models import Account
from accounts.sources.models import Source
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import keep_secret
from tests.factories import AccountFactory
from tests.factories.sources import SourceFactory

SECRET = "whsec_of_stripe"
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
Send = Callable[..., Any]


@pytest.fixture
def _in_march() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def billing(db: None) -> Source:
    """The system of record for subscriptions; Stripe signs with SECRET."""
    source: Source = SourceFactory(name="Billing", kinds=[Kind.SUBSCRIPTION])
    keep_secret(source, Scheme.STRIPE, SECRET, acting_user=None)
    return source


@pytest.fixture
def acme(db: None) -> Account:
    """The account whose customer of Stripe bears the same id."""
    account: Account = AccountFactory(external_id="cus_1", name="Acme")
    return account


@pytest.fixture
def send(client: Client, billing: Source, _in_march: None) -> Send:
    """Post an event (or a body) to the webhook of a source, signed now unless a header is given."""

    def post(content: Any, *, secret: str = SECRET, source: Source = billing, header: str | None = None) -> Any:
        body = content if isinstance(content, str) else json.dumps(content)
        if header is None:
            header = WebhookSignature.generate_signature_header(body, secret, timestamp=int(NOW.timestamp()))
        address = f"/webhooks/stripe/{source.pk}"
        return client.post(
            address, body.encode(), content_type="application/json", headers={"Stripe-Signature": header}
        )

    return post
