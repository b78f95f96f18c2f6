"""The named cast, each of them also signed in to a client of their own.

`finance` decides; `finance_colleague` is who else may, since nobody decides
their own proposal. `stranger` has no sign-in.
"""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.test import Client

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from tests.factories.people import PersonFactory


@pytest.fixture(autouse=True)
def _plain_http(settings: LazySettings) -> None:
    """Test clients speak HTTP and as fast as they can, and no test waits for a slow password hash."""
    settings.SECURE_SSL_REDIRECT = False
    settings.INTAKE_QUOTA_A_SECOND = 0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def finance(db: None) -> User:
    return PersonFactory(username="fay", first_name="Fay", last_name="Okafor", functions=[Function.FINANCE])


@pytest.fixture
def finance_colleague(db: None) -> User:
    return PersonFactory(username="felix", first_name="Felix", last_name="Brandt", functions=[Function.FINANCE])


@pytest.fixture
def product(db: None) -> User:
    return PersonFactory(username="priya", first_name="Priya", last_name="Shah", functions=[Function.PRODUCT])


@pytest.fixture
def product_colleague(db: None) -> User:
    return PersonFactory(username="pablo", first_name="Pablo", last_name="Reyes", functions=[Function.PRODUCT])


@pytest.fixture
def cs(db: None) -> User:
    return PersonFactory(username="cleo", first_name="Cleo", last_name="Martin", functions=[Function.CS])


@pytest.fixture
def cs_colleague(db: None) -> User:
    return PersonFactory(username="chen", first_name="Chen", last_name="Wei", functions=[Function.CS])


@pytest.fixture
def administrator(db: None) -> User:
    return PersonFactory(username="ada", first_name="Ada", last_name="Novak", is_administrator=True)


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
