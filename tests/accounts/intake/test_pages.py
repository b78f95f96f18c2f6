"""What came in, as people see it at /events/."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.intake.models import ProfileCall, RefusedItem
from accounts.intake.queries import WITHOUT_CONSENT
from accounts.privacy.models import Consent
from accounts.records.models import Contact
from accounts.sources.models import Source
from accounts.usage.models import Event
from loyalty.core.people.models import User
from tests.factories.records import AccountFactory, ContactFactory
from tests.factories.sources import SourceFactory

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]


@pytest.fixture
def page(send: Send, finance: User, signed_in_as: Callable[[User], Client], crm: Source) -> Client:
    """A person looks, after one event, its duplicate, one profile call and two refusals came in."""
    ContactFactory(external_id="maria", name="Maria", account=AccountFactory(external_id="acme", name="Acme <b>"))
    event = {"event": "Report Generated", "userId": "maria", "messageId": "m1", "properties": {"x": "<script>"}}
    send("track", event)
    send("track", event)
    send("identify", {"userId": "jo", "traits": {"name": "Jo"}})
    send("track", {"event": "Export Created", "userId": "nobody", "messageId": "m2"})
    send("track", b"{", key="crm-key")
    return signed_in_as(finance)


def rows(page: Client, query: str = "") -> list[str]:
    return [row.what for row in page.get(f"/events/{query}").context["rows"]]


def test_everything_newest_first(page: Client) -> None:
    answer = page.get("/events/")
    assert [row.what for row in answer.context["rows"]] == ["track", "track", "identify", "Report Generated"]
    day = answer.context["totals"][0]
    assert (day.label, day.accepted, day.duplicates, day.refused) == ("Last 24 hours", 2, 1, 2)
    text = answer.content.decode()
    assert "No contact has this userId" in text
    assert "Acme &lt;b&gt;" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?outcome=event", ["Report Generated"]),
        ("?outcome=profile-call", ["identify"]),
        ("?outcome=refused-item", ["track", "track"]),
        ("?q=unknown_contact", ["track"]),
        ("?q=report", ["Report Generated"]),
        ("?q=m1", ["Report Generated"]),
        ("?q=acme", ["Report Generated"]),
        ("?q=%00nothing", []),
        ("?outcome=made-up&source=x", ["track", "track", "identify", "Report Generated"]),
    ],
)
def test_filters(page: Client, query: str, expected: list[str]) -> None:
    assert rows(page, query) == expected


def test_who_does_not_consent_is_neither_named_nor_found_by_name(page: Client) -> None:
    def named() -> list[str]:
        kinds = ("event", "profile-call")
        shown = [row.contact for kind in kinds for row in page.get(f"/events/?outcome={kind}").context["rows"]]
        lines = b"".join(page.get("/events/?format=csv").streaming_content).decode("utf-8-sig").splitlines()
        return shown + [line.split(",")[4] for line in lines[1:3]]

    event = Event.objects.get()
    assert named() == [WITHOUT_CONSENT] * 4
    assert "Maria" not in page.get(f"/events/event/{event.pk}/").content.decode()
    assert rows(page, "?outcome=profile-call&q=jo") == []
    for contact in Contact.objects.all():
        Consent.objects.create(contact=contact, granted=True, source="cs", at=timezone.now())
    assert named() == ["Maria", "Jo"] * 2
    assert "Maria" in page.get(f"/events/event/{event.pk}/").content.decode()
    assert rows(page, "?outcome=profile-call&q=jo") == ["identify"]


def test_the_source_filter(page: Client, crm: Source) -> None:
    assert rows(page, f"?source={crm.pk}") == ["track"]


def test_a_source_is_chosen_from_a_list_and_stays_beside_the_other_filters(page: Client, crm: Source) -> None:
    for n in range(60):
        SourceFactory(name=f"Source {n}")
    answer = page.get(f"/events/?outcome=refused-item&source={crm.pk}")
    text = answer.content.decode()
    assert f'<option value="{crm.pk}" selected>CRM</option>' in text
    assert text.count("<option") == Source.objects.count() + 1
    assert [(chip.label, chip.active) for chip in answer.context["chips"]] == [
        ("Accepted events", False),
        ("Accepted profile calls", False),
        ("Accepted billing events", False),
        ("Refused", True),
        ("CRM", True),
    ]
    assert '<input type="hidden" name="outcome" value="refused-item">' in text
    day = answer.context["totals"][0]
    assert (day.accepted, day.duplicates, day.refused) == (0, 0, 1)
    assert not [c for c in page.get("/events/?source=7777777").context["chips"] if c.active]


def test_pages_go_back_in_time(page: Client, usage_source: Source) -> None:
    first = Event.objects.get()
    Event.objects.bulk_create(
        Event(
            source=usage_source,
            message_id=f"more-{n}",
            account=first.account,
            name=f"Event {n}",
            occurred_at=first.occurred_at,
        )
        for n in range(60)
    )
    answer = page.get("/events/?outcome=event")
    assert [r.what for r in answer.context["rows"]] == [f"Event {n}" for n in range(59, 9, -1)]
    older = page.get(f"/events/{answer.context['page'].next_url}")
    assert [r.what for r in older.context["rows"]] == [*(f"Event {n}" for n in range(9, -1, -1)), "Report Generated"]


def test_the_detail_shows_the_content_and_runs_none_of_it(page: Client) -> None:
    event, call = Event.objects.get(), ProfileCall.objects.get()
    text = page.get(f"/events/event/{event.pk}/").content.decode()
    assert "&quot;x&quot;: &quot;&lt;script&gt;&quot;" in text
    beside = page.get(f"/events/?open=event-{event.pk}").content.decode()
    assert f'<section data-row="event-{event.pk}"' in beside
    assert "&quot;Jo&quot;" in page.get(f"/events/profile-call/{call.pk}/").content.decode()
    refused = RefusedItem.objects.get(code="unknown_contact")
    fragment = page.get(f"/events/refused/{refused.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert fragment.startswith(f'<section data-row="refused-item-{refused.pk}"')
    assert "Send identify and group first." in fragment
    assert page.get("/events/event/999999/").status_code == 404
    assert page.get("/events/?open=event-999999").status_code == 200


def test_csv(page: Client) -> None:
    lines = b"".join(page.get("/events/?format=csv").streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "received,outcome,what,account,contact,happened,source,code,reason,message id"
    assert [line.split(",")[1] for line in lines[1:]] == ["accepted", "accepted", "refused", "refused"]
