"""The named cast, each of them also signed in to a client of their own.

`finance` decides; `finance_colleague` is who else may, since nobody decides
their own proposal. `stranger` has no sign-in.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from whitenoise.middleware import WhiteNoiseMiddleware

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from tests.factories.people import PersonFactory

PEOPLE: dict[str, dict[str, Any]] = {
    "finance": {"username": "fay", "first_name": "Fay", "last_name": "Okafor", "functions": [Function.FINANCE]},
    "finance_colleague": {
        "username": "felix",
        "first_name": "Felix",
        "last_name": "Brandt",
        "functions": [Function.FINANCE],
    },
    "product": {"username": "priya", "first_name": "Priya", "last_name": "Shah", "functions": [Function.PRODUCT]},
    "product_colleague": {
        "username": "pablo",
        "first_name": "Pablo",
        "last_name": "Reyes",
        "functions": [Function.PRODUCT],
    },
    "cs": {"username": "cleo", "first_name": "Cleo", "last_name": "Martin", "functions": [Function.CS]},
    "cs_colleague": {"username": "chen", "first_name": "Chen", "last_name": "Wei", "functions": [Function.CS]},
    "administrator": {"username": "ada", "first_name": "Ada", "last_name": "Novak", "is_administrator": True},
}


def member(name: str) -> User:
    """One of the cast, made."""
    return PersonFactory(**PEOPLE[name])


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_found_once() -> Iterator[None]:
    """Every test client loads the middleware anew, and would look through all folders of static files each time."""
    found: dict[str, Any] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def remember(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", remember)
        yield


@pytest.fixture(autouse=True)
def _plain_http(settings: LazySettings) -> None:
    """Test clients speak HTTP and as fast as they can, and no test waits for a slow password hash."""
    settings.SECURE_SSL_REDIRECT = False
    settings.INTAKE_QUOTA_A_SECOND = 0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def finance(db: None) -> User:
    return member("finance")


@pytest.fixture
def finance_colleague(db: None) -> User:
    return member("finance_colleague")


@pytest.fixture
def product(db: None) -> User:
    return member("product")


@pytest.fixture
def product_colleague(db: None) -> User:
    return member("product_colleague")


@pytest.fixture
def cs(db: None) -> User:
    return member("cs")


@pytest.fixture
def cs_colleague(db: None) -> User:
    return member("cs_colleague")


@pytest.fixture
def administrator(db: None) -> User:
    return member("administrator")


@pytest.fixture
def stranger(db: None) -> Client:
    """A browser that nobody signed in to."""
    return Client()


@pytest.fixture
def signed_in_as(db: None) -> Callable[[User], Client]:
    """A browser that the person is signed in to: `signed_in_as(finance).get("/caps/")`."""

    def sign_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return sign_in
