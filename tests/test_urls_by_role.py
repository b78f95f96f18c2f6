"""Every address against every member of the cast, anonymous included."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from loyalty.core.changes.models import ChangeRequest
from rewards.offers.models import Grant
from tests.fixtures import member
from tests.url_matrix import CAST, EXPECTED, Expect, make_samples

pytestmark = pytest.mark.django_db
NAMES = sorted(EXPECTED)


def names(patterns: list[URLPattern | URLResolver], under: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns, f"{under}{pattern.pattern}")
        else:
            yield pattern.name or f"the unnamed {under}{pattern.pattern}"


@dataclass(frozen=True)
class House:
    """One object of each kind by its name, and the session of each of the cast."""

    samples: dict[str, int]
    sessions: dict[str, str]

    def address(self, name: str) -> str:
        """The address of a URL name, with samples for its arguments."""
        return reverse(name, kwargs=EXPECTED[name].arguments(self.samples))

    def signed_in(self, member: str, **options: bool) -> Client:
        """A browser that one of the cast is signed in to."""
        client = Client(**options)
        client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[member]
        return client


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """Made once: the transaction of each test lies within this one, and takes back only what the test did."""
    with django_db_blocker.unblock(), transaction.atomic():
        sessions = {}
        for name in CAST:
            client = Client()
            client.force_login(member(name))
            sessions[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
        yield House(make_samples(member("product_colleague")), sessions)
        transaction.set_rollback(True)


def test_no_address_is_missing_and_none_is_left_over() -> None:
    assert sorted(names(get_resolver().url_patterns)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_anonymous(name: str, stranger: Client, house: House) -> None:
    url = house.address(name)
    response = stranger.get(url)
    assert response.status_code == EXPECTED[name].anonymous
    if not EXPECTED[name].is_public:
        sent_to = EXPECTED[name].sent_to or f"/sign-in/?next={url}"
        assert response["Location"] == sent_to
        assert stranger.post(url)["Location"] == sent_to


@pytest.mark.parametrize("name", NAMES)
def test_the_cast(name: str, house: House) -> None:
    url = house.address(name)
    got = {member: house.signed_in(member).get(url).status_code for member in CAST}
    assert got == EXPECTED[name].signed_in


@pytest.mark.parametrize("name", [n for n in NAMES if not EXPECTED[n].is_public])
def test_a_post_from_elsewhere_is_refused(name: str, house: House) -> None:
    elsewhere = house.signed_in("administrator", enforce_csrf_checks=True)
    assert elsewhere.post(house.address(name)).status_code == 403


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_form_is_answered_and_gives_nothing(name: str, house: House) -> None:
    url = house.address(name)
    given = Grant.objects.count()
    got = {house.signed_in(member).post(url).status_code for member in CAST}
    assert got <= {200, 302, 400, 401, 403, 404, 405, 409, 422, 503 if name == "readyz" else 200}
    assert (Grant.objects.count(), ChangeRequest.objects.exclude(state="pending").count()) == (given, 0)


def test_a_line_that_names_nobody_of_the_cast_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="Not of the cast"):
        Expect(sales=200)
