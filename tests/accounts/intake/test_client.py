"""The public Segment client library against the running server, as it is."""

from collections.abc import Iterator
from datetime import UTC, datetime

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
