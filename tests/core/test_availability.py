"""A database that cannot do its part is 503 with Retry-After, wherever in a request it shows; nothing is written."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import InternalError, OperationalError, ProgrammingError, connection
from django.test import Client

from accounts.sources.rules import Kind
from accounts.usage.models import Event
from loyalty.core.audit.models import AuditLine
from loyalty.core.availability import is_unavailable
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.models import ApprovalStep, StepState
from rewards.offers.models import Grant
from tests.accounts.intake.conftest import basic
from tests.factories import AccountFactory, OfferFactory, SourceFactory


@contextmanager
def read_only() -> Iterator[None]:
    """Every transaction of this connection is read-only, as on a standby or by an operator's hand."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")


@pytest.mark.django_db(transaction=True)
def test_a_read_only_database_refuses_events_and_takes_the_same_ones_afterwards(client: Client) -> None:
    SourceFactory(kinds=[Kind.USAGE], key="key")
    AccountFactory(external_id="acme")
    call = {"event": "E", "messageId": "m", "context": {"groupId": "acme"}}

    def send() -> tuple[int, str]:
        answer = client.post("/v1/track", call, "application/json", headers={"Authorization": basic("key")})
        return answer.status_code, answer.headers.get("Retry-After", "")

    with read_only():
        assert send() == (503, "5")
        assert not Event.objects.exists()
    assert send() == (200, "")


@pytest.mark.django_db(transaction=True)
def test_a_read_only_database_shows_pages_and_grants_nothing(client: Client, cs: User) -> None:
    offer = OfferFactory(functions=[Function.CS])
    client.force_login(cs)
    decision = {"decision": "approve", "function": "cs", "digest": offer.digest}
    lines = AuditLine.objects.count()
    with read_only():
        assert client.get(f"/offers/{offer.pk}/").status_code == 200
        refused = client.post(f"/offers/{offer.pk}/decide", decision)
        assert (refused.status_code, refused["Retry-After"]) == (503, "5")
        assert "Nothing was half done" in refused.text
        assert client.get("/readyz").json()["database"] == "read-only"
    step = ApprovalStep.objects.get(offer=offer)
    assert (step.state, Grant.objects.count(), AuditLine.objects.count()) == (StepState.WAITING.value, 0, lines)
    assert client.post(f"/offers/{offer.pk}/decide", decision).status_code == 302
    assert Grant.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_trouble_outside_of_a_page_is_503_too(client: Client, cs: User) -> None:
    client.raise_request_exception = False
    with read_only():
        # Signing in writes a session, which the middleware does after the page.
        answer = client.post("/sign-in/", {"username": cs.username, "password": "wrong"})
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_a_lost_session_is_503(client: Client, cs: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(cs)
    client.raise_request_exception = False

    def away(*args: object) -> None:
        raise OperationalError("sorry, too many clients already")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore._get_session_from_db", away)
    answer = client.get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def raised(error: type[Exception], cause: Exception | None) -> Exception:
    made = error("for the test")
    made.__cause__ = cause
    return made


@pytest.mark.parametrize(
    ("error", "cause", "expected"),
    [
        (OperationalError, psycopg.errors.DiskFull(), True),
        (OperationalError, psycopg.errors.TooManyConnections(), True),
        (OperationalError, None, True),
        (InternalError, psycopg.errors.ReadOnlySqlTransaction(), True),
        (InternalError, psycopg.errors.InternalError_(), True),
        (InternalError, psycopg.errors.InFailedSqlTransaction(), False),
        (InternalError, None, False),
        (ProgrammingError, psycopg.errors.UndefinedTable(), False),
        (ValueError, None, False),
    ],
)
def test_what_is_trouble_of_the_server_and_what_is_ours(
    error: type[Exception], cause: Exception | None, expected: bool
) -> None:
    assert is_unavailable(raised(error, cause)) is expected
