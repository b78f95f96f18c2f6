"""Fault row 28: forged posts, GETs with effects, redirects to elsewhere and foreign hosts, on every address."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from loyalty.core.api_lane import PREFIXES
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from tests.factories import PersonFactory
from tests.url_matrix import EXPECTED, make_samples

pytestmark = pytest.mark.django_db
EVIL = "https://evil.example/"
WAYS_TO_SAY_WHERE = ("next", "url", "to", "return", "return_to", "redirect", "here", "back")
# What a look may write: who signs in has a session, and a link of the quiz that nobody signed counts as a try.
MAY_BE_WRITTEN = {"django_session", "core_signinattempt"}


@pytest.fixture
def everybody(db: None) -> User:
    return PersonFactory(functions=list(Function), is_administrator=True)


@pytest.fixture
def addresses(product_colleague: User) -> dict[str, str]:
    """Every address of the application by its name."""
    samples = make_samples(product_colleague)
    return {name: reverse(name, kwargs=expected.arguments(samples)) for name, expected in EXPECTED.items()}


@pytest.fixture
def written() -> Callable[[], dict[str, int]]:
    """How many rows of which tables this transaction has inserted, updated or deleted."""

    def count() -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
                " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
            )
            return {table: rows for table, rows in cursor.fetchall() if table not in MAY_BE_WRITTEN}

    return count


def test_a_forged_post_is_refused_everywhere(
    addresses: dict[str, str], everybody: User, written: Callable[[], object]
) -> None:
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(everybody)
    browsers = {name: url for name, url in addresses.items() if not url.startswith(PREFIXES)}
    before = written()
    got = {
        name: forger.post(url, {"x": "1"}, headers={"Origin": EVIL.rstrip("/"), "Referer": EVIL}).status_code
        for name, url in browsers.items()
    }
    assert {name: status for name, status in got.items() if status != 403} == {}
    assert written() == before


@pytest.mark.parametrize("query", ["decision=approve&change=1&restore=1&months=6&next=/", "format=csv"])
def test_a_look_changes_nothing_and_what_is_taken_away_is_told(
    addresses: dict[str, str], everybody: User, written: Callable[[], dict[str, int]], query: str
) -> None:
    client = Client()
    client.force_login(everybody)
    for name, url in addresses.items():
        before = written()
        answer = client.get(f"{url}?{query}")
        is_taken_away = answer.get("Content-Disposition", "").startswith("attachment")
        changed = {table for table, rows in written().items() if before.get(table) != rows}
        assert changed == ({"core_auditline"} if is_taken_away else set()), f"{name} writes {changed}"


def test_nobody_is_led_elsewhere(addresses: dict[str, str], everybody: User) -> None:
    client = Client()
    client.force_login(everybody)
    where = dict.fromkeys(WAYS_TO_SAY_WHERE, EVIL)
    for name, url in addresses.items():
        if name == "sign-out":
            continue
        for answer in (client.get(url, where), client.post(url, where, headers={"Referer": EVIL})):
            for header in ("Location", "HX-Redirect", "HX-Location", "Refresh"):
                assert urlsplit(answer.get(header, "")).netloc == "", f"{name} leads to {answer[header]}"


def test_a_foreign_host_is_refused_everywhere(addresses: dict[str, str], everybody: User) -> None:
    client = Client()
    client.force_login(everybody)
    for host in ("evil.example", "localhost.evil.example", "localhost:80@evil.example", ""):
        for name, url in addresses.items():
            if name in ("healthz", "readyz", "openapi"):
                continue
            for ask in (client.get, client.post):
                assert ask(url, headers={"Host": host}).status_code == 400, f"{name} answers as {host!r}"
    forwarded = client.get("/changes/", headers={"X-Forwarded-Host": "evil.example"})
    assert b"evil.example" not in forwarded.content
