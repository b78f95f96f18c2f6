"""The second factor: asked for after the password, a code used once whoever looks, ten tries from wherever."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import LazySettings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from loyalty.core.people.second_factor import (
    confirm,
    drop,
    has_second_factor,
    recovery_codes_left,
    renew_recovery_codes,
    spend,
)
from loyalty.core.people.second_factor_adapter import PURPOSE, SecondFactorAdapter
from loyalty.core.people.verbs import LockedOut, SignInRefused
from loyalty.core.sealing import seal
from loyalty.engines.layout import CHECKOUT
from tests.concurrency import at_once
from tests.factories.people import PASSWORD, PersonFactory
from tests.faults.killed_refresh import database_address

# The secret of RFC 6238, appendix B, in base32; its codes by their last six digits.
PUBLISHED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = datetime(2026, 3, 10, 9, 0, 10, tzinfo=UTC)
HERE = "192.0.2.1"
FACTOR = "/settings/second-factor/"
CODES = "/settings/second-factor/recovery-codes/"
SignIn = Callable[[User], Client]


def code_of(secret: str, moment: datetime) -> str:
    return format_hotp_value(hotp_value(secret, int(moment.timestamp()) // 30))


@pytest.fixture
def secret(finance: User) -> str:
    """The secret of Fay's second factor, which counts."""
    made: str = generate_totp_secret()
    with travel(NOW - timedelta(minutes=5), tick=False):
        confirm(made, code_of(made, NOW - timedelta(minutes=5)), acting_user=finance)
    return made


def takes(code: str, person: User, seconds: float) -> bool:
    """Whether the code lets the person in at a moment since 1970."""
    moment = datetime.fromtimestamp(seconds, UTC)
    with travel(moment, tick=False):
        try:
            spend(code, HERE, person=person, now=moment)
        except SignInRefused:
            return False
    return True


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_published_codes_once_and_half_a_minute_around(finance: User, seconds: int, code: str) -> None:
    TOTP.activate(finance, PUBLISHED)
    assert not takes(code, finance, seconds + 61)
    assert takes(f" {code[:3]} {code[3:]}", finance, seconds + 30)
    assert not takes(code, finance, seconds)


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٢٨٧٠٨٢", "28708\u0000"])
def test_what_is_no_code(finance: User, code: str) -> None:
    TOTP.activate(finance, PUBLISHED)
    assert not takes(code, finance, 59)


def give_password(client: Client, next_: str = "") -> int:
    form = {"username": "fay", "password": PASSWORD, "next": next_}
    return client.post("/sign-in/", form).status_code


def verbs() -> list[str]:
    return list(AuditLine.objects.order_by("id").values_list("verb", flat=True))


@pytest.mark.django_db
def test_the_password_alone_does_not_let_in(secret: str, finance: User, stranger: Client) -> None:
    assert stranger.get("/sign-in/code/")["Location"] == "/sign-in/"
    with travel(NOW, tick=False):
        assert give_password(stranger, "/changes/?view=all") == 302
        assert stranger.get("/caps/").status_code == 302
        assert "signed_in" not in verbs()
        assert stranger.post("/sign-in/code/", {"code": "000000"}).status_code == 200
        response = stranger.post("/sign-in/code/", {"code": code_of(secret, NOW)})
        assert response["Location"] == "/changes/?view=all"
        assert stranger.get("/caps/").status_code == 200
        assert "This one" in stranger.get("/settings/").content.decode()
        assert stranger.get("/sign-in/code/")["Location"] == "/"
    assert verbs() == ["second_factor_set", "recovery_codes_made", "sign_in_failed", "signed_in"]


@pytest.mark.django_db
def test_the_password_holds_five_minutes(secret: str) -> None:
    client = Client()
    with travel(NOW, tick=False):
        give_password(client)
    later = NOW + timedelta(minutes=5, seconds=1)
    with travel(later, tick=False):
        assert client.post("/sign-in/code/", {"code": code_of(secret, later)})["Location"] == "/sign-in/"
        assert client.get("/caps/").status_code == 302


ELSEWHERE = """
import sys, django
django.setup()
from datetime import UTC, datetime
from django.core.cache import cache
from time_machine import travel
from loyalty.core.people.models import User
from loyalty.core.people.second_factor import spend
from loyalty.core.people.verbs import SignInRefused
moment = datetime.fromisoformat(sys.argv[2])
with travel(moment, tick=False):
    for code in sys.argv[3:]:
        try:
            spend(code, "192.0.2.2", person=User.objects.get(pk=sys.argv[1]), now=moment)
            print("taken")
        except SignInRefused:
            print("refused")
"""


@pytest.mark.django_db(transaction=True)
def test_a_code_is_used_once_whichever_process_looks_at_it(finance: User, secret: str) -> None:
    code, fresh = code_of(secret, NOW), code_of(secret, NOW + timedelta(seconds=30))
    tries = at_once([lambda: takes(code, finance, NOW.timestamp())] * 4)
    assert sorted(map(str, tries)) == ["False", "False", "False", "True"]
    environ = os.environ | {"DATABASE_URL": database_address(), "DJANGO_SETTINGS_MODULE": "loyalty.settings"}
    command = [sys.executable, "-c", ELSEWHERE, str(finance.pk), NOW.isoformat(), code, fresh]
    told = subprocess.run(command, env=environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=True)
    assert told.stdout.split() == ["refused", "taken"]


@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_lets_in_once(finance: User, secret: str, stranger: Client) -> None:
    codes = second_factor_codes(secret, finance)
    tries = at_once([lambda: takes(codes[3], finance, NOW.timestamp())] * 4)
    assert sorted(map(str, tries)) == ["False", "False", "False", "True"]
    assert recovery_codes_left(finance) == 9
    with travel(NOW, tick=False):
        give_password(stranger)
        assert stranger.post("/sign-in/code/", {"code": codes[3]}).status_code == 200
        assert stranger.post("/sign-in/code/", {"code": f"{codes[4][:4]} {codes[4][4:]}"}).status_code == 302
        assert stranger.get("/caps/").status_code == 200
    used = AuditLine.objects.filter(verb="recovery_code_used").order_by("id")
    assert [(line.actor_name, line.after) for line in used] == [
        ("Fay Okafor", {"left": 9}),
        ("Fay Okafor", {"left": 8}),
    ]


def second_factor_codes(secret: str, person: User) -> list[str]:
    """The person's recovery codes, made anew."""
    with travel(NOW - timedelta(minutes=2), tick=False):
        code = code_of(secret, NOW - timedelta(minutes=2))
        return renew_recovery_codes(code, HERE, acting_user=person, now=NOW - timedelta(minutes=2))


@pytest.mark.django_db
def test_ten_tries_at_codes_from_wherever(secret: str, finance: User) -> None:
    with travel(NOW, tick=False):
        statuses = []
        for n in range(12):
            client = Client(REMOTE_ADDR=f"203.0.113.{n}")
            give_password(client)
            statuses.append(client.post("/sign-in/code/", {"code": "000000"}).status_code)
        assert statuses == [200] * 10 + [429] * 2
        assert client.post("/sign-in/code/", {"code": code_of(secret, NOW)}).status_code == 429
        with pytest.raises(LockedOut):
            drop(code_of(secret, NOW), HERE, acting_user=finance, now=NOW)
    assert has_second_factor(finance)


@pytest.mark.django_db
def test_it_is_set_up_and_dropped_in_the_browser(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    assert "No second factor is set up" in client.get(CODES).content.decode()
    with travel(NOW, tick=False):
        secret = client.post(FACTOR).context["secret"]
        assert client.post(FACTOR, {"code": "000000"}).context["secret"] == secret
        assert not has_second_factor(finance)
        assert client.post(FACTOR, {"code": code_of(secret, NOW)})["Location"] == CODES
        assert has_second_factor(finance)
        first = client.get(CODES).context["fresh"]
        assert (len(set(first)), client.get(CODES).context["fresh"]) == (10, [])
        assert secret not in client.get(FACTOR).content.decode()
        assert client.post(FACTOR, {"code": code_of(secret, NOW)}).status_code == 422
        assert client.post(CODES, {"code": first[0]})["Location"] == CODES
        second = client.get(CODES).context["fresh"]
        assert not set(first) & set(second)
        assert client.post(FACTOR, {"code": first[1]}).status_code == 422
    with travel(NOW + timedelta(minutes=1), tick=False):
        code = code_of(secret, NOW + timedelta(minutes=1))
        assert client.post(FACTOR, {"code": code})["Location"] == "/settings/"
        assert (has_second_factor(finance), Authenticator.objects.count()) == (False, 0)
        again = client.post(FACTOR).context["secret"]
        assert again != secret
        assert client.post(FACTOR, {"code": code_of(again, NOW + timedelta(minutes=1))})["Location"] == CODES
    assert verbs() == [
        "second_factor_set",
        "recovery_codes_made",
        "second_factor_failed",
        "recovery_code_used",
        "recovery_codes_made",
        "second_factor_failed",
        "second_factor_dropped",
        "second_factor_set",
        "recovery_codes_made",
    ]


@pytest.mark.django_db
def test_nothing_that_makes_codes_is_stored_to_read(finance: User, secret: str, signed_in_as: SignIn) -> None:
    codes = second_factor_codes(secret, finance)
    client = signed_in_as(PersonFactory())
    begun = client.post(FACTOR).context["secret"]
    kept = {factor.type: factor.data for factor in Authenticator.objects.all()}
    assert set(kept) == {"totp", "recovery_codes"}
    stored = f"{kept} {dict(client.session)}"
    for plain in (secret, begun, *codes):
        assert plain not in stored
    seed = SecondFactorAdapter().decrypt(kept["recovery_codes"]["seed"])
    assert len(seed) == 80
    assert seed not in stored


@pytest.mark.django_db
def test_another_secret_key_opens_nothing(finance: User, secret: str, settings: LazySettings) -> None:
    settings.SECRET_KEY = "another one"
    assert not takes(code_of(secret, NOW), finance, NOW.timestamp())
    # The code of an empty secret, which anybody can work out.
    assert not takes(code_of("", NOW), finance, NOW.timestamp())
    assert has_second_factor(finance)


@pytest.mark.django_db
def test_an_administrator_takes_away_what_was_lost(
    secret: str, finance: User, cs: User, administrator: User, signed_in_as: SignIn, stranger: Client
) -> None:
    path = f"/settings/people/{finance.pk}/second-factor"
    assert signed_in_as(cs).post(path).status_code == 403
    assert has_second_factor(finance)
    assert "Lost second factor" in signed_in_as(administrator).get(f"/settings/people/{finance.pk}/").content.decode()
    assert signed_in_as(administrator).post(path).status_code == 302
    assert Authenticator.objects.count() == 0
    assert "Lost second factor" not in signed_in_as(administrator).get(f"/settings/people/{cs.pk}/").content.decode()
    assert give_password(stranger) == 302
    assert stranger.get("/caps/").status_code == 200


@pytest.mark.django_db
def test_what_was_set_up_before_goes_over(finance: User, cs: User) -> None:
    migration = import_module("loyalty.core.migrations.0003_second_factors")
    then = MigrationLoader(connection).project_state(migration.Migration.dependencies).apps
    before = then.get_model("core", "SecondFactor")
    with connection.schema_editor() as editor:
        editor.create_model(before)
        sealed = seal(PUBLISHED, PURPOSE)
        before.objects.create(person_id=finance.pk, sealed=sealed, confirmed_at=NOW)
        before.objects.create(person_id=cs.pk, sealed=sealed, confirmed_at=None)
        migration.hand_over(then, editor)
        assert (has_second_factor(finance), has_second_factor(cs)) == (True, False)
        assert takes("287082", finance, 59)
        before.objects.all().delete()
        migration.take_back(then, editor)
        assert before.objects.get().sealed == sealed
