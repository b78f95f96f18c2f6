"""The sources as people see them, and what administrators do there."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.sources.models import Source, SourceKey
from accounts.sources.queries import Sender, sender_of
from accounts.sources.rules import Kind
from accounts.sources.verbs import create_source, make_key
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User

pytestmark = pytest.mark.django_db
FORM = {"name": "CDP", "kinds": ["usage"], "expected_hours": "6"}


@pytest.fixture
def desk(administrator: User, signed_in_as: Callable[[User], Client]) -> Client:
    return signed_in_as(administrator)


KEY = re.compile(r'class="secret">(lk_[\w-]+)<')


def test_a_key_is_shown_once_and_reloading_makes_no_other(desk: Client) -> None:
    made = desk.post("/sources/new", FORM)
    source = Source.objects.get()
    assert (made.status_code, made["Location"]) == (302, f"/sources/{source.pk}/")
    page = desk.get(made["Location"])
    (key,) = KEY.findall(page.content.decode())
    assert page["Cache-Control"] == "no-store"
    assert isinstance(sender_of(key, now=timezone.now()), Sender)
    for address in (made["Location"], made["Location"], "/sources/"):
        again = desk.get(address).content.decode()
        assert key not in again
        assert f"…{key[-4:]}" in again
    assert "Usage (product, CDP)" in again
    assert SourceKey.objects.count() == 1


def test_a_key_waits_sealed_for_whoever_made_it_and_not_for_long(
    desk: Client, administrator: User, signed_in_as: Callable[[User], Client]
) -> None:
    source = create_source("CDP", [Kind.USAGE], acting_user=None)
    page = f"/sources/{source.pk}/"
    with time_machine.travel(datetime(2026, 11, 3, 12, tzinfo=UTC), tick=False) as clock:
        desk.post(f"{page}key")
        waiting = json.dumps(Session.objects.get(pk=desk.session.session_key).get_decoded())
        assert f"fresh key of source {source.pk}" in waiting
        assert "lk_" not in waiting
        assert KEY.findall(signed_in_as(administrator).get(page).content.decode()) == []
        assert KEY.findall(desk.get(page, headers={"HX-Request": "true"}).content.decode()) == []
        clock.shift(timedelta(minutes=5, seconds=1))
        assert KEY.findall(desk.get(page).content.decode()) == []
        desk.post(f"{page}key")
        clock.shift(timedelta(minutes=5))
        assert len(KEY.findall(desk.get(page).content.decode())) == 1


def test_a_name_that_is_taken_is_told_beside_the_field(desk: Client) -> None:
    desk.post("/sources/new", FORM)
    answer = desk.post("/sources/new", FORM)
    assert answer.status_code == 422
    assert answer.context["form"].errors["name"] == ["There is a source called CDP already. Choose another name."]
    assert answer.context["form"]["name"].value() == "CDP"
    assert Source.objects.count() == 1


def test_rotating_and_revoking(desk: Client) -> None:
    source = create_source("CDP", [Kind.USAGE], acting_user=None)
    old = make_key(source, acting_user=None)
    desk.post(f"/sources/{source.pk}/key")
    assert isinstance(sender_of(old, now=timezone.now()), Sender)
    first = SourceKey.objects.earliest("id")
    assert desk.post(f"/sources/keys/{first.pk}/revoke")["Location"] == f"/sources/{source.pk}/"
    assert sender_of(old, now=timezone.now()) is None
    again = desk.post(f"/sources/keys/{first.pk}/revoke", follow=True)
    assert "This key works no longer already." in again.content.decode()


def test_others_see_but_may_not(product: User, signed_in_as: Callable[[User], Client]) -> None:
    source = create_source("CDP", [Kind.USAGE], acting_user=None)
    key = make_key(source, acting_user=None)
    lines = AuditLine.objects.count()
    client = signed_in_as(product)
    for address in ("/sources/", f"/sources/{source.pk}/"):
        page = client.get(address).content.decode()
        assert "CDP" in page
        assert "New key" not in page
        assert "Make it this source" not in page
        assert "New source" not in page
    assert client.post("/sources/new", FORM).status_code == 403
    assert client.post(f"/sources/{source.pk}/key").status_code == 403
    assert client.post(f"/sources/keys/{SourceKey.objects.get().pk}/revoke").status_code == 403
    assert client.post(f"/sources/{source.pk}/record", {"kind": "support"}).status_code == 403
    assert client.post(f"/sources/{source.pk}/expected", {"expected_hours": "1"}).status_code == 403
    assert isinstance(sender_of(key, now=timezone.now()), Sender)
    assert (Source.objects.count(), SourceKey.objects.count(), AuditLine.objects.count()) == (1, 1, lines)
    assert (source.kinds.count(), Source.objects.get().expected_every) == (1, timedelta(days=1))


def test_what_an_administrator_sets_on_the_page_of_a_source(desk: Client) -> None:
    create_source("Old desk", [Kind.SUPPORT], acting_user=None)
    source = create_source("New desk", [Kind.SUPPORT], acting_user=None)
    page = f"/sources/{source.pk}/"
    assert "what this source sends of it is refused" in desk.get(page).content.decode()
    done = desk.post(f"{page}record", {"kind": "support"}, follow=True).content.decode()
    assert "New desk is the system of record for Support (tickets) from now on." in done
    assert "what this source sends of it is refused" not in done
    again = desk.post(f"{page}record", {"kind": "support"}, follow=True).content.decode()
    assert "is the system of record for Support (tickets) already" in again
    assert desk.post(f"{page}record", {"kind": "nonsense"}).status_code == 400
    assert (
        "at least every 6 hours" in desk.post(f"{page}expected", {"expected_hours": "6"}, follow=True).content.decode()
    )
    refused = desk.post(f"{page}expected", {"expected_hours": "0"}, follow=True).content.decode()
    assert "greater than or equal to 1" in refused
    source.refresh_from_db()
    assert source.expected_every == timedelta(hours=6)


def test_csv(desk: Client) -> None:
    create_source("=CDP", [Kind.USAGE], acting_user=None)
    lines = b"".join(desk.get("/sources/?format=csv").streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1] == '\'=CDP,"Usage (product, CDP)",,,silent,,0,,'
