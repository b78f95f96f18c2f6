"""A sender is remembered for speed only: what its key may do is looked up with every request."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.sources import known
from accounts.sources.models import Source, SourceKey, SourceKind
from accounts.sources.rules import Kind
from accounts.usage.models import Event
from tests.factories.records import AccountFactory, ContactFactory
from tests.factories.sources import SourceFactory

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def nobody_known() -> Iterator[None]:
    """What another test's process remembered says nothing here."""
    known._known.clear()
    ContactFactory(external_id="maria", account=AccountFactory(external_id="acme"))
    yield
    known._known.clear()


def track(message_id: str) -> dict[str, str]:
    return {"event": "Report Generated", "userId": "maria", "messageId": message_id}


def met(send: Send) -> None:
    """Sends once, so that the process knows the key."""
    assert send("track", track("first")).status_code == 200
    assert known.known_sender("key")


def test_who_is_known_is_looked_up_by_the_statement_that_stores(
    send: Send, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    met(send)
    with django_assert_max_num_queries(0):  # the prepared statement is not one of Django's own
        assert send("track", track("second")).json()["accepted"] == 1


@pytest.mark.parametrize("body", [track("second"), track("first"), {"event": 5}, b"{", {"batch": 1}])
def test_a_key_that_was_withdrawn_elsewhere_is_refused(send: Send, body: Any) -> None:
    met(send)
    SourceKey.objects.all().delete()
    answer = send("track", body)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_key")
    assert list(Event.objects.values_list("message_id", flat=True)) == ["first"]
    assert known.known_sender("key") is None


def test_a_key_that_expired_meanwhile_is_refused(send: Send) -> None:
    met(send)
    SourceKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert send("track", track("second")).status_code == 401
    assert Event.objects.count() == 1


def test_a_key_that_went_to_another_source_counts_for_that(send: Send) -> None:
    met(send)
    other = SourceFactory(name="Other", kinds=[Kind.FEEDBACK])
    SourceKey.objects.update(source=other)
    assert send("track", track("second")).json()["code"] == "not_system_of_record"
    assert Event.objects.count() == 1


def test_a_source_that_is_relieved_of_usage_is_told_so(send: Send, usage_source: Source) -> None:
    met(send)
    SourceKind.objects.filter(kind=Kind.USAGE).update(is_active=False)
    answer = send("track", track("second"))
    assert (answer.status_code, answer.json()["code"]) == (400, "not_system_of_record")
    assert Event.objects.count() == 1
    assert known.known_sender("key") is None
    SourceKind.objects.filter(kind=Kind.USAGE).update(is_active=True)
    assert send("track", track("second")).status_code == 200


def test_only_so_many_are_remembered(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "SENDERS_KEPT", 1)
    met(send)
    known.remember("another", known.known_sender("key"))
    assert known.known_sender("key") is None
    assert send("track", track("second")).status_code == 200


def test_a_known_source_stays_fresh_by_what_is_new_among_repeats(send: Send, usage_source: Source) -> None:
    Source.objects.update(last_received_at=timezone.now())
    met(send)
    Source.objects.update(last_received_at=timezone.now() - timedelta(hours=2))
    batch = {"batch": [track("first") | {"type": "track"}, track("second") | {"type": "track"}]}
    assert send("batch", batch).json()["duplicates"] == 1
    usage_source.refresh_from_db()
    assert usage_source.last_received_at
    assert usage_source.last_received_at > timezone.now() - timedelta(minutes=1)
