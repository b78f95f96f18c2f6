"""Every address against every member of the cast, anonymous included."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from loyalty.core.changes.models import ChangeRequest
from loyalty.core.people.models import User
from rewards.offers.models import Grant
from tests.url_matrix import CAST, EXPECTED, Expect, make_samples

pytestmark = pytest.mark.django_db
NAMES = sorted(EXPECTED)


def names(patterns: list[URLPattern | URLResolver], under: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns, f"{under}{pattern.pattern}")
        else:
            yield pattern.name or f"the unnamed {under}{pattern.pattern}"


@pytest.fixture
def address_of(db: None, product_colleague: User) -> Callable[[str], str]:
    """The address of a URL name, with samples for its arguments."""

    def address(name: str) -> str:
        expected = EXPECTED[name]
        samples = make_samples(product_colleague) if expected.kwargs else {}
        return reverse(name, kwargs=expected.arguments(samples))

    return address


def test_no_address_is_missing_and_none_is_left_over() -> None:
    assert sorted(names(get_resolver().url_patterns)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_anonymous(name: str, stranger: Client, address_of: Callable[[str], str]) -> None:
    url = address_of(name)
    response = stranger.get(url)
    assert response.status_code == EXPECTED[name].anonymous
    if not EXPECTED[name].is_public:
        assert response["Location"] == f"/sign-in/?next={url}"
        assert stranger.post(url)["Location"] == f"/sign-in/?next={url}"


@pytest.mark.parametrize("name", NAMES)
def test_the_cast(
    name: str,
    address_of: Callable[[str], str],
    signed_in_as: Callable[[User], Client],
    request: pytest.FixtureRequest,
) -> None:
    url = address_of(name)
    got = {member: signed_in_as(request.getfixturevalue(member)).get(url).status_code for member in CAST}
    assert got == EXPECTED[name].signed_in


@pytest.mark.parametrize("name", [n for n in NAMES if not EXPECTED[n].is_public])
def test_a_post_from_elsewhere_is_refused(name: str, address_of: Callable[[str], str], administrator: User) -> None:
    elsewhere = Client(enforce_csrf_checks=True)
    elsewhere.force_login(administrator)
    assert elsewhere.post(address_of(name)).status_code == 403


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_form_is_answered_and_gives_nothing(
    name: str,
    address_of: Callable[[str], str],
    signed_in_as: Callable[[User], Client],
    request: pytest.FixtureRequest,
) -> None:
    url = address_of(name)
    given = Grant.objects.count()
    got = {signed_in_as(request.getfixturevalue(member)).post(url).status_code for member in CAST}
    assert got <= {200, 302, 400, 401, 403, 404, 405, 409, 422, 503 if name == "readyz" else 200}
    assert (Grant.objects.count(), ChangeRequest.objects.exclude(state="pending").count()) == (given, 0)


def test_a_line_that_names_nobody_of_the_cast_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="Not of the cast"):
        Expect(sales=200)
