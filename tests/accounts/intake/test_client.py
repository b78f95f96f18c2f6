"""The public Segment client library against the running server, as it is."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from pytest_django.live_server_helper import LiveServer
from segment.analytics.client import Client as Segment

from accounts.intake.models import IntakeBatch
from accounts.records.models import Account, Contact
from accounts.sources.models import Source
from accounts.usage.models import DailyUsage, Event


@pytest.fixture(params=[False, True], ids=["plain", "gzip"])
def segment(live_server: LiveServer, request: pytest.FixtureRequest, usage_source: Source) -> Iterator[Segment]:
    failures: list[Exception] = []
    client = Segment(
        "key", host=live_server.url, gzip=request.param, on_error=lambda error, items: failures.append(error)
    )
    yield client
    client.shutdown()
    assert failures == []


@pytest.mark.django_db(transaction=True)
def test_identify_group_and_track_arrive(segment: Segment) -> None:
    at = datetime(2026, 3, 31, 14, 5, tzinfo=UTC)
    segment.identify("maria", {"name": "Maria", "email": "maria@example.com"})
    segment.group("maria", "acme", {"name": "Acme", "employees": 40})
    segment.track("maria", "Custom Report Generated", {"format": "pdf"}, timestamp=at, message_id="m1")
    segment.track("maria", "Custom Report Generated", {"format": "pdf"}, timestamp=at, message_id="m1")
    segment.flush()
    assert Account.objects.get().employee_count == 40
    contact = Contact.objects.select_related("account").get()
    assert (contact.name, contact.account.name if contact.account else None) == ("Maria", "Acme")
    event = Event.objects.get()
    assert (event.message_id, event.properties, event.occurred_at) == ("m1", {"format": "pdf"}, at)
    assert DailyUsage.objects.get().events == 1
    counted = IntakeBatch.objects.values_list("accepted", "duplicates", "refused")
    assert tuple(map(sum, zip(*counted, strict=True))) == (3, 1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_body_of_10_mb_is_answered_though_it_is_still_being_sent(live_server: LiveServer) -> None:
    url = urlsplit(live_server.url)
    line = HTTPConnection(str(url.hostname), url.port, timeout=30)
    line.request("POST", "/v1/track", b'{"x": "' + b"a" * 10_000_000 + b'"}', {"Content-Type": "application/json"})
    answer = line.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "batch_too_large")
    line.close()
