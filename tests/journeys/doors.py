"""The doors that data really comes in by: HTTP with a key, and the worker that is rung."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.sync_api import expect

from loyalty.pipeline import react_now
from tests.journeys.visitor import Visitor

REPORT = "Custom Report Generated"


class Product:
    """The customers' product, which tells of its use with the key of a source."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self.key = key

    def post(self, path: str, body: Mapping[str, Any] | bytes) -> tuple[int, dict[str, Any]]:
        """Send one request; returns the status and what was answered."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        login = b64encode(f"{self.key}:".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        try:
            with urlopen(Request(self.address + path, content, headers), timeout=30) as answer:
                return answer.status, json.load(answer)
        except HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def knows(self, account: str, name: str, **traits: Any) -> None:
        """Tell of a customer, with a person of theirs."""
        self._must("/v1/group", {"userId": f"{account}-ann", "groupId": account, "traits": {"name": name, **traits}})

    def reports(self, account: str, *, event: str = REPORT, **properties: Any) -> None:
        """A person of the customer did it, now; then the worker is rung, as after every accepted call."""
        call = {"userId": f"{account}-ann", "event": event, "properties": properties, "context": {"groupId": account}}
        self._must("/v1/track", call | {"timestamp": datetime.now(UTC).isoformat()})
        react_now()

    def batch(self, calls: list[dict[str, Any]]) -> dict[str, Any]:
        """Send many calls at once, then ring the worker."""
        answer = self._must("/v1/batch", {"batch": calls})
        react_now()
        return answer

    def _must(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        status, answer = self.post(path, body)
        assert status == 200, answer
        return answer


def make_source(administrator: Visitor, name: str, kinds: Sequence[str]) -> str:
    """Make a source in the browser, as an administrator does; returns the key that is shown this once."""
    administrator.follow("Sources")
    administrator.page.get_by_role("link", name="New source").first.click()
    administrator.page.get_by_label("Name").fill(name)
    for kind in kinds:
        administrator.page.get_by_label(kind).check()
    administrator.page.get_by_role("button", name="Make source and key").click()
    return fresh_key(administrator, name)


def fresh_key(administrator: Visitor, name: str) -> str:
    """The key of a source on its page, which shows it this once."""
    shown = administrator.page.get_by_role("status", name="New key")
    expect(shown.get_by_role("heading", name=f"The key of {name}")).to_be_visible()
    return shown.locator("code").inner_text()
