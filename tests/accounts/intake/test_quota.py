"""Row 33: a flood by one key is told to wait, and nobody else notices; without a broker nobody is limited."""

import json
import math
import time
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.intake import quota
from accounts.intake.hooks.models import HookCall
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.intake.quota import OverQuota, spend
from accounts.sources.models import Source
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import keep_secret
from accounts.usage.models import Event
from tests.accounts.intake.conftest import basic
from tests.accounts.intake.hooks.conftest import SECRET, signed
from tests.factories import AccountFactory, SourceFactory

QUOTA, FLOOD = 20, 200


@pytest.fixture
def limited(settings: LazySettings) -> LazySettings:
    settings.INTAKE_QUOTA_A_SECOND = QUOTA
    settings.INTAKE_BURST_SECONDS = 1
    quota._Pause.until = 0.0
    quota._refused_until.clear()
    quota._Told.at = -math.inf
    return settings


def sends(sender: str) -> int:
    """0 when it may send, else the seconds that it is told to wait."""
    try:
        spend(sender)
    except OverQuota as over:
        return over.retry_after
    return 0


def test_a_flood_is_held_to_the_quota_and_the_others_are_not(limited: LazySettings) -> None:
    flooding, other = uuid4().hex, uuid4().hex
    began = time.monotonic()
    waits = [sends(flooding) for _ in range(FLOOD)]
    took = time.monotonic() - began
    assert QUOTA <= waits.count(0) <= QUOTA * (1 + took) + 1
    assert set(waits) == {0, 1}
    assert [sends(other) for _ in range(QUOTA)] == [0] * QUOTA


def test_the_broker_is_asked_for_many_requests_at_once(limited: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    limited.INTAKE_QUOTA_A_SECOND, limited.INTAKE_BURST_SECONDS = 1000, 10
    asked: list[object] = []
    monkeypatch.setattr(quota, "_script", lambda url: lambda keys, args: asked.append(args) or 0)
    sender = uuid4().hex
    assert [sends(sender) for _ in range(60)] == [0] * 60
    assert len(asked) == 3


def test_whoever_is_over_the_quota_has_nobody_asked_until_the_wait_is_over(
    limited: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(quota, "_script", lambda url: lambda keys, args: asked.append(args) or 60_000_000)
    sender = uuid4().hex
    assert {sends(sender) for _ in range(FLOOD)} == {60}
    assert len(asked) == 1
    assert sends(uuid4().hex) == 60
    assert len(asked) == 2


def test_made_up_keys_do_not_fill_the_memory(limited: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    limited.INTAKE_QUOTA_A_SECOND, limited.INTAKE_BURST_SECONDS = 1000, 10
    monkeypatch.setattr(quota, "_script", lambda url: lambda keys, args: 0)
    for number in range(2 * quota.SENDERS_KEPT):
        spend(f"made up {number}")
    assert len(quota._leased) <= quota.SENDERS_KEPT


def test_a_sender_that_waited_may_send_again(limited: LazySettings) -> None:
    sender = uuid4().hex
    while not sends(sender):
        pass
    deadline = time.monotonic() + 5
    while sends(sender) and time.monotonic() < deadline:
        pass
    assert time.monotonic() < deadline


def test_no_quota_is_no_limit(limited: LazySettings) -> None:
    limited.INTAKE_QUOTA_A_SECOND = 0
    sender = uuid4().hex
    assert [sends(sender) for _ in range(FLOOD)] == [0] * FLOOD


def test_without_a_broker_nobody_is_limited_and_it_is_asked_once(
    limited: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    limited.REDIS_URL = "unix:///nowhere/broker.sock?db=0"
    sender = uuid4().hex
    assert [sends(sender) for _ in range(FLOOD)] == [0] * FLOOD
    assert [r.message.split(";")[0] for r in caplog.records] == ["The broker does not count requests"]
    quota._Pause.until = 0.0


@pytest.mark.django_db
def test_over_the_quota_is_429_with_retry_after_and_writes_nothing(
    client: Client, limited: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    key, other = f"key-{uuid4().hex}", f"key-{uuid4().hex}"
    SourceFactory(name="Product", kinds=[Kind.USAGE], key=key)
    SourceFactory(name="Product", key=other)
    AccountFactory(external_id="acme")

    def track(sender: str, *, in_body: bool) -> Any:
        event = {"event": "Signed in", "messageId": uuid4().hex, "context": {"groupId": "acme"}}
        body, headers = (event | {"writeKey": sender}, {}) if in_body else (event, {"Authorization": basic(sender)})
        return client.post("/v1/track", json.dumps(body), content_type="application/json", headers=headers)

    answers = [track(key, in_body=n % 2 == 0) for n in range(FLOOD)]
    told_to_wait = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert {(a["Retry-After"], a.json()["code"]) for a in told_to_wait} == {("1", "over_quota")}
    assert Event.objects.count() == IntakeBatch.objects.count() == len(answers) - len(told_to_wait)
    assert RefusedItem.objects.count() == 0
    # A flood is told once, and not with a line for each refusal.
    assert [r.levelname for r in caplog.records if r.name.startswith(("django", "accounts"))] == ["WARNING"]
    assert track(other, in_body=False).status_code == 200


@pytest.mark.django_db
def test_webhooks_are_counted_once_they_are_signed(client: Client, limited: LazySettings, db: None) -> None:
    limited.INTAKE_QUOTA_A_SECOND, limited.INTAKE_BURST_SECONDS = 1, 2
    source: Source = SourceFactory(name="CRM", kinds=[Kind.ACCOUNT])
    keep_secret(source, Scheme.STANDARD, SECRET, acting_user=None)
    body = json.dumps({"type": "account", "data": []}).encode()

    def post(headers: dict[str, str]) -> int:
        address = f"/webhooks/{source.pk}"
        return client.post(address, body, content_type="application/json", headers=headers).status_code

    assert {post({}) for _ in range(10)} == {401}
    statuses = [post(signed(body, f"msg-{n}")) for n in range(8)]
    assert statuses[:2] == [200, 200]
    assert statuses[-1] == 429
    assert HookCall.objects.count() == statuses.count(200)
