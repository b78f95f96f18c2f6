"""The Python client libraries of Segment and RudderStack, as they are, telling a story."""

import os
import re
from collections.abc import Callable
from typing import Any

from tests.clients.story import Story

Tell = Callable[..., list[str]]


def segment(story: Story, address: str, key: str, *, gzip: bool = False) -> list[str]:
    """Tell it through segment-analytics-python; returns what the library reports as failed."""
    from segment.analytics.client import Client

    failures: list[str] = []
    client = Client(key, host=address, gzip=gzip, on_error=lambda error, items: failures.append(str(error)))
    return _told(client, story, failures)


def rudder(story: Story, address: str, key: str, *, gzip: bool = True) -> list[str]:
    """Tell it through rudder-sdk-python; returns what the library reports as failed."""
    # Its import reads the .env file of whatever folder it is installed under, and ours is not for tests.
    os.environ.setdefault("PYTHON_DOTENV_DISABLED", "1")
    from rudderstack.analytics.client import Client

    failures: list[str] = []
    client = Client(key, host=address, gzip=gzip, on_error=lambda error, items: failures.append(str(error)))
    return _told(client, story, failures)


LIBRARIES: dict[str, Tell] = {"segment-analytics-python": segment, "rudder-sdk-python": rudder}


def _told(client: Any, story: Story, failures: list[str]) -> list[str]:
    for name, fields in story.calls():
        getattr(client, name)(**{_in_python(field): value for field, value in fields.items()})
    client.flush()
    client.shutdown()
    return failures


def _in_python(field: str) -> str:
    """userId is user_id."""
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), field)
