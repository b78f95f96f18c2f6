"""Signatures as the standard's own library checks them, and the schedule of retries."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from rewards.delivery.outgoing.rules import WAITS, headers_for, is_dead, signature, wait_before

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def test_the_published_vector() -> None:
    body = b'{"test": 2432232314}'
    made = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_either_secret_of_a_rotation_verifies(secret: str) -> None:
    now, body = int(datetime.now(UTC).timestamp()), b'{"type":"grant.issued"}'
    headers = headers_for([SECRET, OTHER], "msg_1", now, body)
    assert Webhook(secret).verify(body, headers) == {"type": "grant.issued"}


@pytest.mark.parametrize(("age", "ok"), [(299, True), (301, False), (-302, False)])
def test_the_time_is_signed(age: int, ok: bool) -> None:
    now, body = int(datetime.now(UTC).timestamp()), b"{}"
    headers = headers_for([SECRET], "msg_1", now - age, body)
    if ok:
        assert Webhook(SECRET).verify(body, headers) == {}
    else:
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body, headers)


@pytest.mark.parametrize(
    ("body", "message", "secret"), [(b"{} ", "msg_1", SECRET), (b"{}", "msg_2", SECRET), (b"{}", "msg_1", OTHER)]
)
def test_another_body_id_or_secret_does_not_verify(body: bytes, message: str, secret: str) -> None:
    headers = headers_for([SECRET], "msg_1", int(datetime.now(UTC).timestamp()), b"{}")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers | {"webhook-id": message})


def test_the_schedule_grows_and_ends() -> None:
    waits = [wait_before(tries) for tries in range(1, 11)]
    assert waits[:3] == [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)]
    assert waits[:9] == sorted(WAITS)
    assert waits[9] is None
    assert sum(WAITS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def test_a_receiver_may_ask_for_longer_but_not_for_ever() -> None:
    assert wait_before(1, timedelta(minutes=2)) == timedelta(minutes=2)
    assert wait_before(3, timedelta(minutes=2)) == timedelta(minutes=30)
    assert wait_before(1, timedelta(days=900)) == timedelta(hours=24)


@pytest.mark.parametrize(
    ("hours", "failures", "dead"), [(24, 10, True), (24, 9, False), (23, 100, False), (100, 10, True)]
)
def test_dead_is_long_and_often(hours: int, failures: int, dead: bool) -> None:
    assert is_dead(timedelta(hours=hours), failures) is dead
