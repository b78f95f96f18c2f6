"""The second factor: the published codes, used once, asked for after the password, ten tries from wherever."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import SecondFactor, User
from loyalty.core.people.rules_of_codes import app_address, code_at, matching_step, new_secret
from loyalty.core.people.second_factor import begin, confirm, has_second_factor
from tests.factories.people import PASSWORD

# The secret of RFC 6238, appendix B, in base32; its codes by their last six digits.
PUBLISHED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = datetime(2026, 3, 10, 9, 0, 10, tzinfo=UTC)
SignIn = Callable[[User], Client]


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_published_codes(seconds: int, code: str) -> None:
    assert code_at(PUBLISHED, seconds // 30) == code
    assert matching_step(PUBLISHED, f" {code[:3]} {code[3:]}", seconds, 0) == seconds // 30
    assert matching_step(PUBLISHED, code, seconds + 30, 0) == seconds // 30
    assert matching_step(PUBLISHED, code, seconds + 61, 0) is None
    assert matching_step(PUBLISHED, code, seconds, seconds // 30) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٢٨٧٠٨٢", "28708\u0000"])
def test_what_is_no_code(code: str) -> None:
    assert matching_step(PUBLISHED, code, 59, 0) is None


def test_a_secret_is_new_each_time_and_opens_an_app() -> None:
    assert new_secret() != new_secret()
    assert len(new_secret()) == 32
    address = "otpauth://totp/Loyalty:fay%40x?secret=ABC&issuer=Loyalty"
    assert app_address("ABC", "fay@x") == address


def code_of(secret: str, moment: datetime) -> str:
    return code_at(secret, int(moment.timestamp()) // 30)


@pytest.fixture
def secret(finance: User) -> str:
    """The secret of Fay's second factor, which counts."""
    made = begin(person=finance)
    with travel(NOW - timedelta(minutes=5), tick=False):
        confirm(code_of(made, NOW - timedelta(minutes=5)), acting_user=finance)
    return made


def give_password(client: Client, next_: str = "") -> int:
    form = {"username": "fay", "password": PASSWORD, "next": next_}
    return client.post("/sign-in/", form).status_code


def verbs() -> list[str]:
    return list(AuditLine.objects.order_by("id").values_list("verb", flat=True))


@pytest.mark.django_db
def test_the_password_alone_does_not_let_in(secret: str, finance: User, stranger: Client) -> None:
    assert stranger.get("/sign-in/code/").status_code == 404
    with travel(NOW, tick=False):
        assert give_password(stranger, "/changes/?view=all") == 302
        assert stranger.get("/caps/").status_code == 302
        assert "signed_in" not in verbs()
        assert stranger.post("/sign-in/code/", {"code": "000000"}).status_code == 200
        response = stranger.post("/sign-in/code/", {"code": code_of(secret, NOW)})
        assert response["Location"] == "/changes/?view=all"
        assert stranger.get("/caps/").status_code == 200
    assert verbs() == ["second_factor_set", "sign_in_failed", "signed_in"]
    assert secret not in str(list(SecondFactor.objects.values()))


@pytest.mark.django_db
def test_a_code_is_used_once_and_the_password_holds_five_minutes(secret: str) -> None:
    one, two = Client(), Client()
    with travel(NOW, tick=False):
        for client in (one, two):
            give_password(client)
        assert one.post("/sign-in/code/", {"code": code_of(secret, NOW)}).status_code == 302
        assert two.post("/sign-in/code/", {"code": code_of(secret, NOW)}).status_code == 200
    later = NOW + timedelta(minutes=5, seconds=1)
    with travel(later, tick=False):
        assert two.post("/sign-in/code/", {"code": code_of(secret, later)}).status_code == 404


@pytest.mark.django_db
def test_ten_tries_at_codes_from_wherever(secret: str) -> None:
    with travel(NOW, tick=False):
        statuses = []
        for n in range(12):
            client = Client(REMOTE_ADDR=f"203.0.113.{n}")
            give_password(client)
            statuses.append(client.post("/sign-in/code/", {"code": "000000"}).status_code)
        assert statuses == [200] * 10 + [429] * 2
        assert client.post("/sign-in/code/", {"code": code_of(secret, NOW)}).status_code == 429


@pytest.mark.django_db
def test_it_is_set_up_and_dropped_in_the_browser(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    with travel(NOW, tick=False):
        secret = client.post("/settings/second-factor/").context["secret"]
        assert client.post("/settings/second-factor/", {"code": "000000"}).context["secret"] == secret
        assert not has_second_factor(finance)
        assert client.post("/settings/second-factor/", {"code": code_of(secret, NOW)}).status_code == 302
        assert has_second_factor(finance)
        assert secret not in client.get("/settings/second-factor/").content.decode()
        assert client.post("/settings/second-factor/", {"code": code_of(secret, NOW)}).status_code == 422
    with travel(NOW + timedelta(minutes=1), tick=False):
        code = code_of(secret, NOW + timedelta(minutes=1))
        assert client.post("/settings/second-factor/", {"code": code}).status_code == 302
    assert not has_second_factor(finance)
    assert verbs() == ["second_factor_set", "second_factor_dropped"]


@pytest.mark.django_db
def test_an_administrator_takes_away_what_was_lost(
    secret: str, finance: User, cs: User, administrator: User, signed_in_as: SignIn, stranger: Client
) -> None:
    path = f"/settings/people/{finance.pk}/second-factor"
    assert signed_in_as(cs).post(path).status_code == 403
    assert has_second_factor(finance)
    assert signed_in_as(administrator).post(path).status_code == 302
    assert give_password(stranger) == 302
    assert stranger.get("/caps/").status_code == 200
