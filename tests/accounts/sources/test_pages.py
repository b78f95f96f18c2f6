"""The sources as people see them, and what administrators do there."""

import re
from collections.abc import Callable

import pytest
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


def test_a_key_is_shown_once(desk: Client) -> None:
    answer = desk.post("/sources/new", FORM)
    (key,) = re.findall(r'class="secret">(lk_[\w-]+)<', answer.content.decode())
    assert answer["Cache-Control"] == "no-store"
    assert isinstance(sender_of(key, now=timezone.now()), Sender)
    listed = desk.get("/sources/").content.decode()
    assert key not in listed
    assert f"…{key[-4:]}" in listed
    assert "Usage (product, CDP)" in listed


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
    assert desk.post(f"/sources/keys/{first.pk}/revoke")["Location"] == "/sources/"
    assert sender_of(old, now=timezone.now()) is None
    again = desk.post(f"/sources/keys/{first.pk}/revoke", follow=True)
    assert "This key works no longer already." in again.content.decode()


def test_others_see_but_may_not(product: User, signed_in_as: Callable[[User], Client]) -> None:
    source = create_source("CDP", [Kind.USAGE], acting_user=None)
    key = make_key(source, acting_user=None)
    lines = AuditLine.objects.count()
    client = signed_in_as(product)
    page = client.get("/sources/").content.decode()
    assert "CDP" in page
    assert "New key" not in page
    assert client.post("/sources/new", FORM).status_code == 403
    assert client.post(f"/sources/{source.pk}/key").status_code == 403
    assert client.post(f"/sources/keys/{SourceKey.objects.get().pk}/revoke").status_code == 403
    assert isinstance(sender_of(key, now=timezone.now()), Sender)
    assert (Source.objects.count(), SourceKey.objects.count(), AuditLine.objects.count()) == (1, 1, lines)


def test_csv(desk: Client) -> None:
    create_source("=CDP", [Kind.USAGE], acting_user=None)
    lines = b"".join(desk.get("/sources/?format=csv").streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1].startswith('\'=CDP,"Usage (product, CDP)",,,silent,')
