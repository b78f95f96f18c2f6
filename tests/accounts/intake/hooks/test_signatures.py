"""HubSpot's and Zendesk's signatures against what others make of the same: OpenSSL, and HubSpot's own Python library.

The literals come from `openssl dgst -sha256 -hmac SECRET -binary | base64` over the
text to be signed; those of HubSpot also from `Signature.get_signature` of
hubspot-api-client 12, to which the address goes decoded as their documentation says.
"""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import LazySettings
from django.test import Client

from accounts.intake.hooks.signatures import check_hubspot, check_zendesk
from accounts.intake.models import RefusedItem
from accounts.intake.rules import RequestRefused
from accounts.records.models import Account, Ticket
from accounts.sources.models import Source
from accounts.sources.rules import Scheme
from accounts.sources.secrets import keep_secret
from tests.factories import AccountFactory

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)

ZENDESK_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
ZENDESK_STAMP = "2026-03-10T09:00:00Z"
ZENDESK_BODY = (
    '{"type":"zen:event-type:ticket.created","detail":{"id":"35436","subject":"Größe falsch – bitte prüfen"}}'
).encode()
ZENDESK_SIGNATURE = "hSXZXKCYojtj15mJkRdSDkV71IPRhmqWISoaOvet+3w="
ZENDESK_WITHOUT_BODY = "rshcNWLoPrQ1o0E443RWatoGSbIhL+g5xrw69FAajcI="

HUBSPOT_SECRET = "5f9bd5a3-7c1e-4a0e-9b7e-1d2c3b4a5f60"
HUBSPOT_STAMP = "1773133200000"
HUBSPOT_BODY = (
    '[{"subscriptionType":"company.propertyChange","objectId":512,"propertyName":"name",'
    '"propertyValue":"Müller & Söhne"}]'
).encode()
HUBSPOT_URI = (
    "https://loyalty.test/webhooks/hubspot/7?next=https%3A%2F%2Fa.b%2fc%3Fd=1&who=%40x%21%24%281%29%2C%2A%3B%27"
    "&keep=%20%25%26%3D%2B%5B"
)
HUBSPOT_SIGNATURE = "4CXgjHFgK6JLMoZc9XSl9GdU66lo2cvZde8BGsnwG6s="


def signed(secret: str, text: bytes) -> str:
    """Base64 of HMAC-SHA256, by another library than the one that checks."""
    maker = HMAC(secret.encode(), SHA256())
    maker.update(text)
    return base64.b64encode(maker.finalize()).decode()


def zendesk(signature: str, stamp: str = ZENDESK_STAMP) -> dict[str, str]:
    return {"x-zendesk-webhook-signature": signature, "x-zendesk-webhook-signature-timestamp": stamp}


def hubspot(signature: str, stamp: str = HUBSPOT_STAMP) -> dict[str, str]:
    return {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}


def test_zendesk_signs_the_timestamp_and_then_the_body() -> None:
    check_zendesk([ZENDESK_SECRET], ZENDESK_BODY, zendesk(ZENDESK_SIGNATURE), NOW)
    check_zendesk([ZENDESK_SECRET], b"", zendesk(ZENDESK_WITHOUT_BODY), NOW)
    turned_round = signed(ZENDESK_SECRET, ZENDESK_BODY + ZENDESK_STAMP.encode())
    # The secret is base64 to look at, and the key is its text.
    by_its_bytes = HMAC(base64.b64decode(ZENDESK_SECRET), SHA256())
    by_its_bytes.update(ZENDESK_STAMP.encode() + ZENDESK_BODY)
    for wrong in (turned_round, base64.b64encode(by_its_bytes.finalize()).decode(), ZENDESK_WITHOUT_BODY, ""):
        with pytest.raises(RequestRefused):
            check_zendesk([ZENDESK_SECRET], ZENDESK_BODY, zendesk(wrong), NOW)


def test_hubspot_signs_method_decoded_address_body_and_timestamp() -> None:
    check_hubspot([HUBSPOT_SECRET], "POST", HUBSPOT_URI, HUBSPOT_BODY, hubspot(HUBSPOT_SIGNATURE), NOW)
    for changed in (
        ("PUT", HUBSPOT_URI, HUBSPOT_BODY, HUBSPOT_STAMP),
        ("POST", HUBSPOT_URI.replace("https", "http", 1), HUBSPOT_BODY, HUBSPOT_STAMP),
        ("POST", HUBSPOT_URI + "%20", HUBSPOT_BODY, HUBSPOT_STAMP),
        ("POST", HUBSPOT_URI, HUBSPOT_BODY + b" ", HUBSPOT_STAMP),
        ("POST", HUBSPOT_URI, HUBSPOT_BODY, "1773133200001"),
    ):
        method, uri, body, stamp = changed
        with pytest.raises(RequestRefused):
            check_hubspot([HUBSPOT_SECRET], method, uri, body, hubspot(HUBSPOT_SIGNATURE, stamp), NOW)


@pytest.mark.parametrize("letter", ":/?@!$'()*,;")
@pytest.mark.parametrize("lower", [False, True])
def test_each_letter_that_hubspot_decodes(letter: str, lower: bool) -> None:
    code = f"%{ord(letter):02x}" if lower else f"%{ord(letter):02X}"
    uri = "https://loyalty.test/webhooks/hubspot/7?q="
    signature = signed(HUBSPOT_SECRET, f"POST{uri}{letter}".encode() + HUBSPOT_BODY + HUBSPOT_STAMP.encode())
    check_hubspot([HUBSPOT_SECRET], "POST", uri + code, HUBSPOT_BODY, hubspot(signature), NOW)


@pytest.mark.parametrize("code", ["%20", "%25", "%26", "%3D", "%2B", "%23", "%5B", "%C3%BC", "%253A"])
def test_what_hubspot_leaves_encoded(code: str) -> None:
    uri = f"https://loyalty.test/webhooks/hubspot/7?q={code}"
    signature = signed(HUBSPOT_SECRET, f"POST{uri}".encode() + HUBSPOT_BODY + HUBSPOT_STAMP.encode())
    check_hubspot([HUBSPOT_SECRET], "POST", uri, HUBSPOT_BODY, hubspot(signature), NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("late", [0, 300, -300, 301, -301])
def test_hubspot_calls_the_address_that_the_world_sees(
    client: Client, desk: Source, settings: LazySettings, late: int
) -> None:
    """TLS ends at a proxy, so the application itself is called without."""
    settings.ALLOWED_HOSTS = ["loyalty.test"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    keep_secret(desk, Scheme.HUBSPOT, HUBSPOT_SECRET, acting_user=None)
    path = f"/webhooks/hubspot/{desk.pk}"
    told = HUBSPOT_BODY.replace(b'"objectId"', b'"occurredAt":1773133200000,"objectId"')
    signature = signed(
        HUBSPOT_SECRET, f"POSThttps://loyalty.test{path}?portal=a:b&x=%20y".encode() + told + HUBSPOT_STAMP.encode()
    )
    headers = {"host": "loyalty.test", "x-forwarded-proto": "https"} | hubspot(signature)
    with time_machine.travel(NOW + timedelta(seconds=late), tick=False):
        answer = client.post(
            f"{path}?portal=a%3Ab&x=%20y", told, content_type="application/json; charset=utf-8", headers=headers
        )
    if abs(late) <= 300:
        assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
        assert Account.objects.get().name == "Müller & Söhne"
    else:
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_time")
        assert not Account.objects.exists()
        assert RefusedItem.objects.get().source is None


@pytest.mark.django_db
def test_zendesk_over_http_by_the_bytes_that_came(client: Client, desk: Source) -> None:
    keep_secret(desk, Scheme.ZENDESK, ZENDESK_SECRET, acting_user=None)
    AccountFactory(external_id="6607")
    body = (
        '{ "type" : "zen:event-type:ticket.created",\n "detail": {"id": "35436", "subject": "Größe", '
        '"created_at": "2026-03-10T08:00:00Z", "updated_at": "2026-03-10T08:00:00Z", "organization_id": "6607"}}'
    ).encode()
    headers = zendesk(signed(ZENDESK_SECRET, ZENDESK_STAMP.encode() + body))
    address = f"/webhooks/zendesk/{desk.pk}"
    with time_machine.travel(NOW, tick=False):
        for sent, status in ((body.replace(b" ", b""), 401), (body, 200)):
            answer = client.post(address, sent, content_type="application/json", headers=headers)
            assert answer.status_code == status
            assert Ticket.objects.count() == (status == 200)
