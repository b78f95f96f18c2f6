"""Endpoints, and other systems that answer as a test wants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from loyalty.core import outward
from loyalty.core.outward import Answer
from loyalty.core.people.models import User
from rewards.delivery.outgoing.endpoints import Wanted, create_endpoint
from rewards.delivery.outgoing.models import Endpoint
from rewards.delivery.outgoing.rules import EventType

TAKEN = Answer(200, "ok", None)


@dataclass(frozen=True)
class Got:
    """One message as it came."""

    url: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Outside:
    """What came, and what each address answers: an answer, or what is called in its place. All else takes it."""

    got: list[Got] = field(default_factory=list)
    answers: dict[str, Answer | Callable[[], Answer]] = field(default_factory=dict)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.got.append(Got(url, body, dict(headers)))
        answer = self.answers.get(url, TAKEN)
        return answer() if callable(answer) else answer

    def at(self, url: str) -> list[Got]:
        return [got for got in self.got if got.url == url]


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    """Nothing leaves this machine: what would, is kept."""
    kept = Outside()
    monkeypatch.setattr(outward, "post", kept.post)
    monkeypatch.setattr(outward, "addresses_of", lambda host, port: ["203.0.114.1"])
    return kept


def endpoint(administrator: User, name: str = "Product", *types: EventType) -> tuple[Endpoint, str]:
    """An endpoint at https://<name>.example/ and its secret, told of these types, or of all."""
    return create_endpoint(
        Wanted(name, f"https://{name.lower()}.example/", types or tuple(EventType)), acting_user=administrator
    )
