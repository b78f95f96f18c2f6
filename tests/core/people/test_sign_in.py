"""Signing in and out: safe addresses, audit lines, and the lock-out of one address."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.people import verbs
from loyalty.core.people.models import SignInAttempt, User
from tests.factories.people import PASSWORD, PersonFactory

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def sign_in(client: Client, password: str = PASSWORD, **data: str) -> int:
    return client.post("/sign-in/", {"username": "fay", "password": password, **data}).status_code


def lines() -> list[tuple[str, str, str]]:
    return list(AuditLine.objects.order_by("id").values_list("verb", "actor_name", "object_label"))


def test_in_and_out(finance: User, stranger: Client) -> None:
    assert sign_in(stranger) == 302
    assert stranger.get("/changes/").status_code == 200
    response = stranger.post("/sign-out/")
    assert (response.status_code, response["Location"]) == (302, "/sign-in/")
    assert stranger.get("/changes/").status_code == 302
    assert lines() == [("signed_in", "Fay Okafor", "Fay Okafor"), ("signed_out", "Fay Okafor", "Fay Okafor")]


def test_a_wrong_password_does_not_say_what_was_wrong(finance: User, stranger: Client) -> None:
    wrong = stranger.post("/sign-in/", {"username": "fay", "password": "guess"})
    nobody = stranger.post("/sign-in/", {"username": "nobody", "password": "guess"})
    assert (wrong.status_code, nobody.status_code) == (200, 200)
    assert b"The username or the password is not right" in wrong.content
    assert b"The username or the password is not right" in nobody.content
    assert b"guess" not in wrong.content
    assert lines() == [
        ("sign_in_failed", "The programme", "fay"),
        ("sign_in_failed", "The programme", "nobody"),
    ]


def test_an_inactive_person_stays_outside(stranger: Client) -> None:
    PersonFactory(username="fay", is_active=False)
    assert sign_in(stranger) == 200
    assert stranger.get("/changes/").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "went"),
    [
        ("/changes/?view=all", "/changes/?view=all"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_only_our_own_addresses_are_gone_to(finance: User, stranger: Client, wanted: str, went: str) -> None:
    response = stranger.post("/sign-in/", {"username": "fay", "password": PASSWORD, "next": wanted})
    assert response["Location"] == went
    assert stranger.get("/sign-in/", {"next": wanted})["Location"] == went


def test_ten_tries_and_then_fifteen_minutes(finance: User, stranger: Client) -> None:
    with travel(NOW, tick=False):
        assert [sign_in(stranger, "guess") for _ in range(10)] == [200] * 10
        assert sign_in(stranger) == 429
        elsewhere = Client(REMOTE_ADDR="192.0.2.7")
        assert sign_in(elsewhere) == 302
    with travel(NOW + timedelta(minutes=14, seconds=59), tick=False):
        assert sign_in(stranger) == 429
    with travel(NOW + timedelta(minutes=15), tick=False):
        assert sign_in(stranger) == 302
    assert AuditLine.objects.filter(verb="sign_in_failed").count() == 10


def test_letter_case_makes_no_new_name(finance: User) -> None:
    for n in range(10):
        name = "Fay" if n % 2 else "FAY"
        with pytest.raises(verbs.SignInRefused):
            verbs.admit(name, "guess", "192.0.2.1", now=NOW)
    with pytest.raises(verbs.LockedOut):
        verbs.admit("fay", PASSWORD, "192.0.2.1", now=NOW)


def test_getting_in_forgets_the_failures(finance: User) -> None:
    for _ in range(9):
        with pytest.raises(verbs.SignInRefused):
            verbs.admit("fay", "guess", "192.0.2.1", now=NOW)
    with travel(NOW, tick=False):
        assert sign_in(Client(REMOTE_ADDR="192.0.2.1")) == 302
    assert SignInAttempt.objects.count() == 0


def test_behind_our_proxy_the_address_is_what_the_proxy_says(settings: LazySettings, finance: User) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    proxied = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.4"})
    sign_in(proxied, "guess")
    assert SignInAttempt.objects.get().address == "198.51.100.4"


@pytest.mark.django_db(transaction=True)
def test_a_hundred_guesses_at_once_are_ten(finance: User) -> None:
    def guess(_: int) -> str:
        try:
            verbs.admit("fay", "guess", "192.0.2.1", now=NOW)
        except verbs.LockedOut:
            return "locked"
        except verbs.SignInRefused:
            return "looked at"
        finally:
            connection.close()
        return "in"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(100)))
    assert (outcomes.count("looked at"), outcomes.count("locked")) == (10, 90)


def test_a_person_who_is_deactivated_is_outside_at_the_next_click(finance: User, stranger: Client) -> None:
    sign_in(stranger)
    User.objects.filter(pk=finance.pk).update(is_active=False)
    assert stranger.get("/changes/").status_code == 302
