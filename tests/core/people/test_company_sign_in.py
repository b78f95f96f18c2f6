"""Signing in through the company's identity provider: against a real one over HTTP, which signs what it says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.conf import LazySettings
from django.test import Client
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.people.managing import Standing, change_person, invite
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from tests.core.people.test_second_factor import NOW, code_of
from tests.core.people.test_second_factor import secret as secret  # the fixture
from tests.factories.identity_provider import ANOTHER_KEY, CLIENT, SECRET, Provider, identity_provider

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
BEGIN = "/sign-in/with/company/"


@pytest.fixture
def provider(settings: LazySettings) -> Iterator[Provider]:
    """The provider, set up here as “Corp”."""
    with identity_provider() as running:
        app = {
            "provider_id": "company",
            "name": "Corp",
            "client_id": CLIENT,
            "secret": SECRET,
            "settings": {"server_url": running.url, "oauth_pkce_enabled": True, "verified_email": False},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        yield running


@pytest.fixture
def invited(administrator: User) -> User:
    """Fay, who was invited and never chose a password."""
    standing = Standing("Fay Okafor", "Fay@Corp.example", {Function.FINANCE: False})
    return invite("fay", standing, acting_user=administrator)


def come_back(client: Client, provider: Provider, wanted: str = "") -> Any:
    there = client.get(BEGIN, {"next": wanted})
    assert there.status_code == 302
    return client.get(provider.authorize(there["Location"]))


def is_inside(client: Client) -> bool:
    return client.get("/caps/").status_code == 200


def last_line() -> tuple[str, str, dict[str, Any], str]:
    line = AuditLine.objects.order_by("id").last()
    assert line is not None
    return line.verb, line.object_label, line.after or {}, line.reason


def test_an_invited_person_is_let_in_without_a_password(provider: Provider, invited: User, stranger: Client) -> None:
    assert b'href="/sign-in/with/company/?next=%2Fcaps%2F"' in stranger.get("/sign-in/?next=/caps/").content
    response = come_back(stranger, provider, "/caps/")
    assert (response.status_code, response["Location"]) == (302, "/caps/")
    assert is_inside(stranger)
    assert last_line() == ("signed_in", "Fay Okafor", {"address": "127.0.0.1", "through": "Corp"}, "")
    assert "This one" in stranger.get("/settings/").content.decode()
    link = SocialAccount.objects.get()
    assert (link.user, link.uid, link.extra_data) == (invited, "0001", {})


def test_only_our_own_addresses_are_gone_to(provider: Provider, invited: User, stranger: Client) -> None:
    assert come_back(stranger, provider, "https://evil.example/")["Location"] == "/"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"email": "somebody@corp.example"}, "Nobody with the address somebody@corp.example is let in here."),
        ({"email": "gone@corp.example"}, "Nobody with the address gone@corp.example is let in here."),
        ({"email": "two@corp.example"}, "Several people have your address here."),
        ({"email_verified": False}, "does not say that your e-mail address is verified"),
        ({"email_verified": "false"}, "does not say that your e-mail address is verified"),
        ({"email": "", "email_verified": True}, "does not say that your e-mail address is verified"),
    ],
)
def test_whom_nobody_invited_stays_outside(
    provider: Provider, invited: User, administrator: User, stranger: Client, told: dict[str, Any], words: str
) -> None:
    for username in ("gone", "two", "two-too"):
        email = f"{username.removesuffix('-too')}@corp.example"
        User.objects.create(username=username, email=email, is_active=username != "gone")
    before = User.objects.count()
    provider.person |= told
    response = come_back(stranger, provider)
    assert response.status_code == 403
    assert words in response.content.decode()
    assert not is_inside(stranger)
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)
    verb, _, after, reason = last_line()
    assert (verb, after["through"]) == ("sign_in_failed", "Corp")
    assert words in reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ANOTHER_KEY},
        {"key": "a secret that both could know, and long enough", "algorithm": "HS256"},
        {"key": None, "algorithm": "none"},
        {"header": {"kid": "unknown"}},
        {"header": {}},
        {"claims": {"iss": "https://elsewhere.example"}},
        {"claims": {"aud": "another client"}},
        {"claims": {"exp": 1}},
        {"claims": {"sub": "0002"}},
        {"userinfo": {"sub": "0002"}},
        {"userinfo": {"sub": None}},
    ],
)
def test_what_is_not_signed_for_us_is_not_believed(
    provider: Provider, invited: User, stranger: Client, wrong: dict[str, Any]
) -> None:
    for name, value in wrong.items():
        setattr(provider, name, value)
    response = come_back(stranger, provider)
    assert response.status_code == 403
    assert "Signing in with Corp did not work." in response.content.decode()
    assert not is_inside(stranger)
    assert SocialAccount.objects.count() == 0


def test_a_word_that_was_not_asked_for_is_not_listened_to(
    provider: Provider, invited: User, stranger: Client, signed_in_as: SignIn, cs: User
) -> None:
    asked = provider.authorize(stranger.get(BEGIN)["Location"])
    assert Client().get(asked).status_code == 403
    assert stranger.get(f"{BEGIN}callback/?error=access_denied").status_code == 403
    assert stranger.get(asked).status_code == 302
    assert stranger.get(asked).status_code == 403
    assert SocialAccount.objects.count() == 1


def test_a_provider_that_is_away_leaves_the_password(provider: Provider, stranger: Client) -> None:
    provider.answer = lambda path, bearer: (500, {})  # type: ignore[method-assign]
    response = stranger.get(BEGIN)
    assert response.status_code == 403
    assert "Corp cannot be reached just now. Sign in with your password." in response.content.decode()


def test_the_second_factor_of_ours_is_still_asked_for(
    provider: Provider, secret: str, finance: User, stranger: Client
) -> None:
    User.objects.filter(pk=finance.pk).update(email="fay@corp.example")
    response = come_back(stranger, provider, "/caps/")
    assert response["Location"] == "/sign-in/code/"
    assert not is_inside(stranger)
    with travel(NOW, tick=False):
        response = stranger.post("/sign-in/code/", {"code": code_of(secret, NOW)})
        assert response["Location"] == "/caps/"
    assert last_line() == ("signed_in", "Fay Okafor", {"address": "127.0.0.1", "through": "Corp"}, "")


def test_a_person_is_known_by_their_number_and_an_address_that_went_to_somebody_else_opens_nothing(
    provider: Provider, invited: User, administrator: User, signed_in_as: SignIn
) -> None:
    come_back(Client(), provider)
    provider.person = {"sub": "0001", "email": "fay.o@corp.example", "email_verified": True}
    assert come_back(Client(), provider).status_code == 302
    provider.person = {"sub": "0002", "email": "fay@corp.example", "email_verified": True}
    refused = come_back(Client(), provider)
    assert "Fay Okafor is linked with another sign-in of Corp." in refused.content.decode()
    path = f"/settings/people/{invited.pk}/company"
    assert signed_in_as(invited).post(path).status_code == 403
    assert come_back(Client(), provider).status_code == 403
    assert signed_in_as(administrator).post(path).status_code == 302
    assert last_line()[:3] == ("person_changed", "Fay Okafor", {"signs in through": None})
    assert come_back(Client(), provider).status_code == 302


def test_nobody_takes_a_colleagues_place_by_typing_their_address(
    provider: Provider, invited: User, cs: User, signed_in_as: SignIn
) -> None:
    choice = {"email": invited.email, "email_pace": "at_once", "slack_pace": "off", "digest_hour": "8"}
    assert signed_in_as(cs).post("/settings/notices/", choice).status_code == 302
    assert come_back(Client(), provider).status_code == 302
    assert SocialAccount.objects.get().user == invited


def test_another_address_takes_the_link_off(provider: Provider, invited: User, administrator: User) -> None:
    come_back(Client(), provider)
    standing = Standing("Fay Okafor", "fay@corp.example", {Function.FINANCE: False})
    change_person(invited.pk, standing, acting_user=administrator)
    assert SocialAccount.objects.count() == 1
    moved = Standing("Fay Okafor", "fay@new.example", {Function.FINANCE: False})
    change_person(invited.pk, moved, acting_user=administrator)
    assert SocialAccount.objects.count() == 0
    assert last_line()[2] == {"e-mail": "fay@new.example", "linked with an identity provider": False}
    assert come_back(Client(), provider).status_code == 403


def test_who_is_let_in_no_longer_is_not_let_in_by_the_provider(
    provider: Provider, invited: User, stranger: Client
) -> None:
    come_back(Client(), provider)
    User.objects.filter(pk=invited.pk).update(is_active=False)
    response = come_back(stranger, provider)
    assert "You are no longer let in here." in response.content.decode()
    assert not is_inside(stranger)


def test_guesses_at_a_password_stay_locked_out(provider: Provider, finance: User, stranger: Client) -> None:
    User.objects.filter(pk=finance.pk).update(email="fay@corp.example")
    guess = {"username": "fay", "password": "guess"}
    assert [Client().post("/sign-in/", guess).status_code for _ in range(11)][-1] == 429
    assert come_back(stranger, provider).status_code == 302
    assert Client().post("/sign-in/", guess).status_code == 429


def test_where_none_is_set_up_none_is_shown(stranger: Client) -> None:
    assert b"Sign in with" not in stranger.get("/sign-in/").content
    assert stranger.get(BEGIN).status_code == 404
    assert stranger.get(f"{BEGIN}callback/?code=1&state=1").status_code == 404
