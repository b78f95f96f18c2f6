"""A source that sends usage and accounts, and a way to send as it."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.sources.models import Source
from accounts.sources.rules import Kind
from tests.factories.sources import SourceFactory


def basic(key: str) -> str:
    """HTTP Basic with the key as user name, as the public libraries send it."""
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


@pytest.fixture
def usage_source(db: None) -> Source:
    """The system of record for usage and accounts; its key is "key"."""
    return SourceFactory(name="Product", kinds=[Kind.USAGE, Kind.ACCOUNT], key="key")


@pytest.fixture
def crm(db: None) -> Source:
    """A source that is the system of record for feedback only; its key is "crm-key"."""
    return SourceFactory(name="CRM", kinds=[Kind.FEEDBACK], key="crm-key")


@pytest.fixture
def send(client: Client, usage_source: Source) -> Callable[..., Any]:
    """Post a body (JSON unless it is bytes already) to /v1/<channel> with a key."""

    def post(channel: str, body: Any, *, key: str = "key", **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if key:
            headers.setdefault("Authorization", basic(key))
        kind = headers.pop("content_type", "application/json")
        return client.post(f"/v1/{channel}", data, content_type=kind, headers=headers)

    return post
