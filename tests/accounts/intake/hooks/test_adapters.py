"""HubSpot's and Zendesk's own bodies and signatures, in small."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

import pytest
import time_machine
from django.test import Client

from accounts.intake.hooks import hubspot, zendesk
from accounts.intake.hooks.rules import BAD_SIGNATURE, NO_SECRET, WRONG_TIME, RecordType
from accounts.intake.hooks.signatures import check_hubspot, check_zendesk, hmac_base64
from accounts.intake.rules import Refusal, RequestRefused
from accounts.records.models import Account, Contact, Ticket
from accounts.sources.models import Source
from accounts.sources.rules import Scheme
from accounts.sources.secrets import keep_secret
from tests.factories import AccountFactory

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
MILLISECONDS = str(int(NOW.timestamp() * 1000))
URI = "https://loyalty.test/webhooks/hubspot/1?a=b%3Ac"


def change(subscription: str, name: str, value: Any, at: int = 1_772_000_000_000, **more: Any) -> dict[str, Any]:
    """One event of HubSpot's webhooks v3."""
    return {
        "eventId": 1,
        "subscriptionId": 2,
        "portalId": 3,
        "appId": 4,
        "occurredAt": at,
        "subscriptionType": subscription,
        "attemptNumber": 0,
        "objectId": 512,
        "propertyName": name,
        "propertyValue": value,
        "changeSource": "CRM_UI",
        **more,
    }


def ticket_event(kind: str, **detail: Any) -> dict[str, Any]:
    """One ticket event of Zendesk's event webhooks."""
    return {
        "type": f"zen:event-type:ticket.{kind}",
        "account_id": 22129848,
        "id": "2b24ef10-19fb-4d31-9a5a-0d9d7a4a7e4e",
        "time": "2026-03-10T09:00:00Z",
        "subject": "zen:ticket:35436",
        "zendesk_event_version": "2022-06-20",
        "detail": {
            "id": "35436",
            "created_at": "2026-03-09T08:00:00Z",
            "updated_at": "2026-03-10T09:00:00Z",
            "organization_id": "6607",
            "priority": "URGENT",
            "status": "OPEN",
            "subject": "Help",
            **detail,
        },
        "event": {},
    }


@pytest.mark.parametrize(
    ("event", "record_type", "fields"),
    [
        (change("company.propertyChange", "name", "Acme"), RecordType.ACCOUNT, {"name": "Acme"}),
        (change("company.propertyChange", "name", ""), RecordType.ACCOUNT, {}),
        (change("company.propertyChange", "numberofemployees", "250"), RecordType.ACCOUNT, {"employee_count": 250}),
        (
            change("company.propertyChange", "industry", "COMPUTER_SOFTWARE"),
            RecordType.ACCOUNT,
            {"industry": "Computer software"},
        ),
        (
            change("company.propertyChange", "hs_timezone", "america_slash_new_york"),
            RecordType.ACCOUNT,
            {"time_zone": "America/New_York"},
        ),
        (
            change("company.propertyChange", "hs_timezone", "us_slash_eastern"),
            RecordType.ACCOUNT,
            {"time_zone": "US/Eastern"},
        ),
        (change("company.propertyChange", "hs_timezone", ""), RecordType.ACCOUNT, {"time_zone": None}),
        (change("company.propertyChange", "hs_timezone", "mars_slash_olympus"), RecordType.ACCOUNT, {}),
        (change("company.propertyChange", "annualrevenue", "1"), RecordType.ACCOUNT, {}),
        (change("company.creation", "", None), RecordType.ACCOUNT, {}),
        (change("contact.propertyChange", "firstname", "Dana"), RecordType.CONTACT, {"first_name": "Dana"}),
        (change("contact.propertyChange", "associatedcompanyid", "77"), RecordType.CONTACT, {"account": "77"}),
        (
            change("object.propertyChange", "email", "d@acme.test", objectTypeId="0-1"),
            RecordType.CONTACT,
            {"email": "d@acme.test"},
        ),
        (
            {"id": "512", "properties": {"name": "Acme"}, "updatedAt": "2026-02-25T06:13:20Z", "archived": False},
            RecordType.ACCOUNT,
            {"name": "Acme"},
        ),
    ],
)
def test_hubspot_is_read(event: dict[str, Any], record_type: RecordType, fields: dict[str, Any]) -> None:
    (record,) = hubspot.read([event], NOW).records
    assert (record.type, record.external_id, record.fields) == (record_type, "512", fields)
    assert record.at == datetime(2026, 2, 25, 6, 13, 20, tzinfo=UTC)


def test_each_time_zone_as_hubspot_writes_it() -> None:
    told = {zone.lower().replace("/", "_slash_").replace("-", "_hyphen_"): zone for zone in available_timezones()}
    assert told["america_slash_port_hyphen_au_hyphen_prince"] == "America/Port-au-Prince"
    events = [change("company.propertyChange", "hs_timezone", word) for word in told]
    assert [record.fields["time_zone"] for record in hubspot.read(events, NOW).records] == list(told.values())


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (change("deal.propertyChange", "amount", "1"), "not_taken"),
        (change("contact.deletion", "", None), "not_taken"),
        (change("object.creation", "", None, objectTypeId="0-5"), "not_taken"),
        (change("company.propertyChange", "name", "Acme", at=-1), "not_valid"),
        (change("company.propertyChange", "numberofemployees", "many"), "not_valid"),
        (change("company.propertyChange", "name", "Acme", objectId=None), "not_valid"),
        ({"id": "1", "properties": {}, "updatedAt": "2026-02-25T06:13:20Z", "archived": True}, "not_taken"),
        ({"id": "1"}, "not_valid"),
    ],
)
def test_what_hubspot_sends_beside_is_kept_as_refused(event: dict[str, Any], code: str) -> None:
    reading = hubspot.read([event], NOW)
    assert (reading.records, reading.refused[0].code, reading.items) == ([], code, [event])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (
            ticket_event("created"),
            {
                "opened_at": datetime(2026, 3, 9, 8, tzinfo=UTC),
                "account": "6607",
                "priority": "urgent",
                "closed_at": None,
            },
        ),
        (ticket_event("status_changed", status="SOLVED"), {"closed_at": NOW}),
        (ticket_event("undeleted", status="OPEN"), {"closed_at": None}),
        (ticket_event("priority_changed", status="SOLVED", priority=None), {"priority": None}),
        (
            ticket_event("marked_as_spam", status="NEW"),
            {"closed_at": NOW, "account": "not told", "opened_at": "not told"},
        ),
        ({"ticket": ticket_event("created", satisfaction_rating={"score": "bad"})["detail"]}, {"satisfaction": 1}),
        (
            {"satisfaction_rating": {"id": 9, "score": "good", "ticket_id": 35436, "updated_at": NOW.isoformat()}},
            {"satisfaction": 5},
        ),
        (
            {
                "survey_response": {
                    "subjects": [{"type": "ticket", "id": "zen:ticket:35436"}],
                    "answers": [
                        {"type": "open_ended", "value": "Thanks"},
                        {"type": "rating_scale", "rating": 4, "updated_at": NOW.isoformat()},
                    ],
                }
            },
            {"satisfaction": 4},
        ),
    ],
)
def test_zendesk_is_read(body: dict[str, Any], fields: dict[str, Any]) -> None:
    (record,) = zendesk.read(body, NOW).records
    assert (record.type, record.external_id, record.at) == (RecordType.TICKET, "35436", NOW)
    assert {name: record.fields.get(name, "not told") for name in fields} == fields


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "zen:event-type:user.created", "detail": {}}, "not_taken"),
        (ticket_event("soft_deleted", id=None), "not_valid"),
        ({"type": "zen:event-type:ticket.created"}, "not_valid"),
        (ticket_event("created", id=None), "not_valid"),
        ({"satisfaction_rating": {"score": "offered", "ticket_id": 1, "updated_at": "x"}}, "not_rated"),
        ({"survey_response": {"subjects": [], "answers": 7}}, "not_valid"),
        (
            {
                "survey_response": {
                    "subjects": [{"type": "ticket", "id": 1}],
                    "answers": [{"type": "rating_scale", "rating": True, "updated_at": "x"}],
                }
            },
            "not_rated",
        ),
    ],
)
def test_what_zendesk_sends_beside_is_kept_as_refused(body: dict[str, Any], code: str) -> None:
    reading = zendesk.read(body, NOW)
    assert (reading.records, reading.refused[0].code) == ([], code)


@pytest.mark.parametrize("read", [hubspot.read, zendesk.read])
@pytest.mark.parametrize("body", [1, "text", None, [1], [[]]])
def test_other_json_is_refused_as_a_whole(read: Any, body: Any) -> None:
    with pytest.raises(RequestRefused):
        read(body, NOW)


def refusal_of(check: Any, *arguments: Any) -> Refusal | None:
    try:
        check(*arguments)
    except RequestRefused as refused:
        return refused.refusal
    return None


@pytest.mark.parametrize(
    ("late", "refusal"),
    [(0, None), (300, None), (-300, None), (301, WRONG_TIME), (-301, WRONG_TIME)],
)
def test_hubspot_signs_method_address_body_and_time(late: int, refusal: Refusal | None) -> None:
    signature = hmac_base64("client secret", f"POST{URI.replace('%3A', ':')}[]{MILLISECONDS}".encode())
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": MILLISECONDS}
    now = NOW + timedelta(seconds=late)
    assert refusal_of(check_hubspot, ["old", "client secret"], "POST", URI, b"[]", headers, now) == refusal
    assert refusal_of(check_hubspot, ["client secret"], "POST", URI, b"[1]", headers, now) == BAD_SIGNATURE
    assert refusal_of(check_hubspot, [], "POST", URI, b"[]", headers, now) == NO_SECRET
    for stamp in ("", "x", "9" * 15, "9" * 40, "１"):
        other = headers | {"x-hubspot-request-timestamp": stamp}
        assert refusal_of(check_hubspot, ["client secret"], "POST", URI, b"[]", other, now) == BAD_SIGNATURE


@pytest.mark.parametrize(("late", "refusal"), [(0, None), (300, None), (301, WRONG_TIME), (-301, WRONG_TIME)])
def test_zendesk_signs_time_and_body(late: int, refusal: Refusal | None) -> None:
    stamp = "2026-03-10T09:00:00Z"
    headers = {
        "x-zendesk-webhook-signature": hmac_base64("secret", stamp.encode() + b"{}"),
        "x-zendesk-webhook-signature-timestamp": stamp,
    }
    now = NOW + timedelta(seconds=late)
    assert refusal_of(check_zendesk, ["secret"], b"{}", headers, now) == refusal
    assert refusal_of(check_zendesk, ["another"], b"{}", headers, now) == BAD_SIGNATURE
    assert refusal_of(check_zendesk, ["secret"], b"{}", {}, now) == BAD_SIGNATURE


@pytest.mark.django_db
def test_hubspot_over_http(client: Client, desk: Source) -> None:
    keep_secret(desk, Scheme.HUBSPOT, "client secret", acting_user=None)
    AccountFactory(external_id="77")
    events = [
        change("contact.propertyChange", "lastname", "Reyes", at=1_772_000_002_000),
        change("contact.propertyChange", "firstname", "Dana", at=1_772_000_001_000),
        change("contact.propertyChange", "associatedcompanyid", "77"),
        change("company.propertyChange", "name", "Acme"),
        change("deal.creation", "", None),
    ]
    body = json.dumps(events).encode()
    address = f"/webhooks/hubspot/{desk.pk}"
    signature = hmac_base64("client secret", f"POSThttp://testserver{address}".encode() + body + MILLISECONDS.encode())
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": MILLISECONDS}
    with time_machine.travel(NOW, tick=False):
        first, again = (
            client.post(address, body, content_type="application/json", headers=headers).json() for _ in range(2)
        )
    assert (first["accepted"], first["duplicates"], [r["code"] for r in first["refused"]]) == (4, 0, ["not_taken"])
    assert (again["accepted"], again["duplicates"]) == (0, 4)
    contact = Contact.objects.get()
    assert (contact.name, contact.account) == ("Dana Reyes", Account.objects.get(external_id="77"))
    assert Account.objects.get(external_id="512").name == "Acme"


@pytest.mark.django_db
def test_zendesk_over_http(client: Client, desk: Source) -> None:
    keep_secret(desk, Scheme.ZENDESK, "secret", acting_user=None)
    AccountFactory(external_id="6607")
    stamp = NOW.isoformat()
    for event in (ticket_event("created"), ticket_event("status_changed", status="SOLVED")):
        body = json.dumps(event).encode()
        headers = {
            "X-Zendesk-Webhook-Signature": hmac_base64("secret", stamp.encode() + body),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        }
        with time_machine.travel(NOW, tick=False):
            response = client.post(
                f"/webhooks/zendesk/{desk.pk}", body, content_type="application/json", headers=headers
            )
        assert response.json()["accepted"] == 1
    ticket = Ticket.objects.get()
    assert (ticket.external_id, ticket.priority, ticket.closed_at) == ("35436", "urgent", NOW)


def test_only_the_event_of_the_status_says_when_a_ticket_was_closed() -> None:
    (record,) = zendesk.read(ticket_event("priority_changed", status="SOLVED"), NOW).records
    assert sorted(record.fields) == ["account", "opened_at", "priority"]
