"""Nesting: 64 levels go in, more cost their own call, and what cannot be read at all costs its request; never 5xx."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.intake.models import RefusedItem
from accounts.intake.openapi import document
from accounts.usage.models import Event
from tests.factories.records import AccountFactory

pytestmark = pytest.mark.django_db
GOOD = '{"type": "track", "event": "E", "messageId": "m1", "context": {"groupId": "acme"}}'


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def deep(levels: int) -> str:
    return GOOD.replace('"m1"', f'"m2", "properties": {{"v": {nested(levels)}}}')


@pytest.mark.parametrize(("levels", "accepted"), [(50, 2), (100, 1), (500, 1)])
def test_a_deep_call_costs_itself(send: Callable[..., Any], levels: int, accepted: int) -> None:
    AccountFactory(external_id="acme")
    told = send("batch", f'{{"batch": [{GOOD}, {deep(levels)}]}}'.encode()).json()
    assert told["accepted"] == accepted == Event.objects.count()
    assert [(r["index"], r["code"]) for r in told["refused"]] == [(1, "too_deep")] * (2 - accepted)


@pytest.mark.parametrize("levels", [1_000, 5_000, 100_000])
def test_what_cannot_be_read_is_refused_as_a_whole_with_its_reason(send: Callable[..., Any], levels: int) -> None:
    AccountFactory(external_id="acme")
    answer = send("batch", f'{{"batch": [{GOOD}, {deep(levels)}]}}'.encode())
    assert (answer.status_code, answer.json()["code"]) == (400, "too_deep")
    assert "nested more than 64 deep" in answer.json()["message"]
    assert not Event.objects.exists()
    assert RefusedItem.objects.get().raw.startswith('{"batch": [')


def test_it_is_told_in_the_document() -> None:
    told = document()
    assert "more than 64 deep" in told["info"]["description"]
    for path in ("/v1/batch", "/v1/track", "/webhooks/{source_id}"):
        assert "too_deep" in told["paths"][path]["post"]["responses"]["400"]["description"]
