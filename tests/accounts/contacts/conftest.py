"""Sending as the system of record."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.sources.rules import Kind
from tests.accounts.intake.conftest import basic
from tests.factories import SourceFactory


@pytest.fixture
def send(client: Client) -> Callable[..., Any]:
    """Send a call as the system of record for usage and accounts."""
    SourceFactory(name="Product", kinds=[Kind.USAGE, Kind.ACCOUNT], key="key")

    def post(channel: str, **body: Any) -> Any:
        return client.post(
            f"/v1/{channel}", body, content_type="application/json", headers={"Authorization": basic("key")}
        )

    return post
