"""A CRM, a support desk and a feedback system that sign what they send."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from standardwebhooks import Webhook

from accounts.sources.models import Source
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import keep_secret
from tests.factories.sources import SourceFactory

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WHEN = "2026-03-10T09:00:00Z"


@pytest.fixture
def desk(db: None) -> Source:
    """The system of record for all kinds that come by webhook; it signs with SECRET."""
    source = SourceFactory(name="Desk", kinds=[Kind.ACCOUNT, Kind.SUPPORT, Kind.FEEDBACK])
    keep_secret(source, Scheme.STANDARD, SECRET, acting_user=None)
    return source


def signed(body: bytes, webhook_id: str, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    """The three headers of Standard Webhooks, by its public library."""
    moment = at or datetime.now(UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, moment, body.decode()),
    }


@pytest.fixture
def tell(client: Client, desk: Source) -> Callable[..., Any]:
    """Post {"type": …, "data": …}, signed, with an id of its own unless one is given."""
    sent = iter(range(1_000_000))

    def post(record_type: str, data: Any, webhook_id: str = "", source: Source = desk) -> Any:
        body = json.dumps({"type": record_type, "data": data}).encode()
        headers = signed(body, webhook_id or f"msg-{next(sent)}")
        return client.post(f"/webhooks/{source.pk}", body, content_type="application/json", headers=headers)

    return post
