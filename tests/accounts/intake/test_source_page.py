"""On the page of a source: what it sent, what was refused and why, and how many of each."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.intake import refusals
from accounts.intake.models import RefusedItem
from accounts.intake.replaying import replay
from accounts.sources.models import Source
from loyalty.core.people.models import User
from tests.factories.records import AccountFactory
from tests.factories.sources import SourceFactory

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]


def call(number: int, account: str = "acme") -> dict[str, Any]:
    return {"type": "track", "event": "E", "messageId": f"m{number}", "context": {"groupId": account}}


@pytest.fixture
def page(send: Send, crm: Source, cs: User, signed_in_as: Callable[[User], Client]) -> Client:
    """Product had two calls of an unknown account refused, then one without anybody; the CRM one of usage."""
    SourceFactory(name="Quiet")
    send("batch", {"batch": [call(1), call(2)]})
    send("track", {"event": "E", "messageId": "m3"})
    send("track", call(4), key="crm-key")
    return signed_in_as(cs)


def test_the_list_tells_how_many_and_the_last_reason(page: Client) -> None:
    rows = {row.source.name: row.refusals for row in page.get("/sources/").context["rows"]}
    assert {name: told.count for name, told in rows.items() if told} == {"Product": 3, "CRM": 1}
    assert rows["Product"].reason.startswith("Neither userId nor context.groupId")
    text = page.get("/sources/").content.decode()
    assert "This source is not the system of record for Usage (product, CDP); Product is." in text
    lines = b"".join(page.get("/sources/?format=csv").streaming_content).decode("utf-8-sig").splitlines()
    assert [line.rsplit(",", 3)[1] for line in lines[2:3]] == ["3"]


def test_the_page_tells_each_reason_with_its_number(page: Client, usage_source: Source) -> None:
    answer = page.get(f"/sources/{usage_source.pk}/")
    told = [(reason.code, reason.count) for reason in answer.context["reasons"]]
    assert told == [("nobody", 1), ("unknown_account", 2)]
    text = answer.content.decode()
    last = RefusedItem.objects.filter(code="unknown_account").latest("id")
    assert f'href="/events/refused/{last.pk}/"' in text
    assert f"/events/?source={usage_source.pk}&amp;outcome=refused-item&amp;q=unknown_account" in text
    day = answer.context["totals"][0]
    assert (day.accepted, day.duplicates, day.refused) == (0, 0, 3)
    fragment = page.get(f"/sources/{usage_source.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert fragment.startswith(f'<section data-row="{usage_source.pk}"')
    assert page.get("/sources/7777777/").status_code == 404


def test_what_went_in_later_is_refused_no_longer(page: Client, usage_source: Source, administrator: User) -> None:
    AccountFactory(external_id="acme")
    for item in RefusedItem.objects.filter(code="unknown_account"):
        replay(item.pk, acting_user=administrator)
    answer = page.get(f"/sources/{usage_source.pk}/")
    assert [(reason.code, reason.count) for reason in answer.context["reasons"]] == [("nobody", 1)]
    assert answer.context["totals"][0].refused == 1
    assert [row.refusals.count for row in page.get("/sources/").context["rows"] if row.refusals] == [1, 1]


def test_counts_stop_where_they_say_no_more(
    page: Client, usage_source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST", 2)
    (told,) = refusals.refusals_of([usage_source.pk]).values()
    assert (told.count, told.is_capped) == (2, True)
    assert sum(reason.count for reason in refusals.by_code(usage_source.pk)) == 2
    assert ">2+</a>" in page.get("/sources/").content.decode()
    assert "Of the newest 2." in page.get(f"/sources/{usage_source.pk}/").content.decode()


def test_the_list_asks_the_same_few_questions_however_many_sources(
    page: Client,
) -> None:
    asked = []
    for more in (1, 20):
        for n in range(more):
            SourceFactory(name=f"Source {more}-{n}")
        with CaptureQueriesContext(connection) as queries:
            page.get("/sources/")
        asked.append(len(queries))
    assert asked[0] == asked[1] < 20
