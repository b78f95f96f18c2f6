"""No packet leaves for a private network, however its address is disguised, whenever it is disguised."""

import socket
from collections.abc import Callable

import pytest
from django.test import Client

from loyalty.core.people.models import User
from rewards.delivery.outgoing.endpoints import Wanted, create_endpoint
from rewards.delivery.outgoing.models import DeliveryTry, Endpoint
from rewards.delivery.outgoing.rules import EventType
from rewards.delivery.outgoing.secrets import make_secret
from rewards.delivery.outgoing.sending import send_due
from tests.factories.grants import granted

pytestmark = pytest.mark.django_db

DISGUISED = (
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "0"),
    *("0.0.0.0", "10.0.0.1", "10.1", "167772161", "172.16.0.1", "172.31.255.255", "192.168.1.1", "3232235777"),
    *("169.254.169.254", "2852039166", "100.64.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"),
    *("[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "localhost"),
)


@pytest.fixture
def _no_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object, **__: object) -> None:
        raise AssertionError("It was connected to.")

    monkeypatch.setattr(socket, "create_connection", connect)


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """A name server that says one thing after the other, and then always the last."""
    answers = list(addresses)

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_thirty_of_them_at_least() -> None:
    assert len(set(DISGUISED)) >= 30


@pytest.mark.usefixtures("_no_packets")
@pytest.mark.parametrize("host", DISGUISED)
def test_refused_when_typed_in_and_again_when_sent(
    host: str, administrator: User, signed_in_as: Callable[[User], Client]
) -> None:
    url = f"https://{host}/hook"
    told = {"name": "Inside", "url": url, "types": ["grant.issued"]}
    answer = signed_in_as(administrator).post("/settings/webhooks/new", told)
    assert answer.status_code == 422
    assert Endpoint.objects.count() == 0
    # Whoever writes it past the form gains nothing.
    made = Endpoint.objects.create(name="Inside", url=url, types=["grant.issued"])
    make_secret(made, acting_user=administrator)
    granted()
    assert send_due() == 0
    tried = DeliveryTry.objects.get()
    assert tried.status is None
    assert any(words in tried.told for words in ("private network", "cannot be found", "not an address"))


@pytest.mark.usefixtures("_no_packets")
def test_a_name_that_leads_inside_later_is_not_followed(administrator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, "8.8.8.8", "10.0.0.7")
    create_endpoint(Wanted("Product", "https://p.example/", [EventType.GRANT_ISSUED]), acting_user=administrator)
    granted()
    assert send_due() == 0
    tried = DeliveryTry.objects.get()
    assert (tried.status, tried.told) == (None, "p.example leads into a private network.")
