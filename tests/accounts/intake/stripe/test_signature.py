"""Stripe's signature, made by Stripe's own library."""

from datetime import UTC, datetime

import pytest
from stripe import WebhookSignature

from accounts.intake.rules import RequestRefused
from accounts.intake.stripe.signature import check_signature

SECRET, OLD = "whsec_new", "whsec_old"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
BODY = '{"id": "evt_1", "name": "Zoë"}'


def signed(secret: str = SECRET, second: int = SECOND, body: str = BODY) -> str:
    return WebhookSignature.generate_signature_header(body, secret, timestamp=second)


def refused(header: str, *secrets: str, body: bytes = BODY.encode()) -> str:
    with pytest.raises(RequestRefused) as found:
        check_signature(body, header, secrets, now=NOW)
    assert found.value.status == 400
    return found.value.refusal.code


@pytest.mark.parametrize("second", [SECOND, SECOND - 300, SECOND + 300])
def test_a_right_signature_within_five_minutes(second: int) -> None:
    check_signature(BODY.encode(), signed(second=second), [SECRET], now=NOW)


@pytest.mark.parametrize("second", [SECOND - 301, SECOND + 301, 0, 10**12])
def test_one_second_more_is_refused_on_both_sides(second: int) -> None:
    assert refused(signed(second=second), SECRET) == "out_of_time"


def test_both_secrets_work_while_one_is_rotated_out() -> None:
    for secret in (SECRET, OLD):
        check_signature(BODY.encode(), signed(secret), [SECRET, OLD], now=NOW)
    assert refused(signed(OLD), SECRET) == "bad_signature"


def test_one_of_several_signatures_is_enough() -> None:
    right = signed().partition(",")[2]
    check_signature(BODY.encode(), f"t={SECOND},v1={'0' * 64},{right},v0=abc", [SECRET], now=NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        f"t={SECOND}",
        f"t={SECOND},v1=",
        f"t={SECOND},v1={'0' * 64}",
        f"t={SECOND},v1=é",
        f"v1={'0' * 64}",
        f"t={'9' * 5000},v1={'0' * 64}",
        signed(body=BODY + " "),
        signed().replace("v1=", "v0="),
        signed().replace(f"t={SECOND}", f"t={SECOND + 1}"),
    ],
)
def test_anything_else_is_refused(header: str) -> None:
    assert refused(header, SECRET) == "bad_signature"


def test_without_a_secret_nothing_is_believed() -> None:
    assert refused(signed()) == "no_secret"
    assert refused(signed(""), "") == "bad_signature"


def test_a_body_that_is_not_utf8() -> None:
    assert refused(signed(), SECRET, body=b"\xff") == "not_utf8"
