"""The public client libraries: those for Python as they are, those for Node by the shape of what they send."""

from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.intake.models import IntakeBatch
from accounts.sources.models import Source
from accounts.usage.models import Event
from tests.clients.python import LIBRARIES
from tests.clients.relay import Relay, relay
from tests.clients.story import CALLS, Story, expected, found
from tests.clients.wire import NOW, SHAPES

pytestmark = pytest.mark.django_db(transaction=True)
library = pytest.mark.parametrize("library", list(LIBRARIES))


def port_of(server: LiveServer) -> int:
    return urlsplit(server.url).port or 0


def counted() -> tuple[int, int, int]:
    """Accepted, duplicates and refused of all requests."""
    rows = list(IntakeBatch.objects.values_list("accepted", "duplicates", "refused"))
    return sum(a for a, _, _ in rows), sum(d for _, d, _ in rows), sum(r for _, _, r in rows)


def times_sent(heard: Relay) -> int:
    return sum(len(sent.calls) for sent in heard.sent)


@library
@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_every_call_arrives_and_is_sent_once(
    live_server: LiveServer, usage_source: Source, library: str, gzip: bool
) -> None:
    story = Story("acme")
    with relay(port_of(live_server)) as heard:
        assert LIBRARIES[library](story, heard.address, "key", gzip=gzip) == []
    assert found(story) == expected(story)
    assert counted() == (CALLS - 1, 1, 0)
    assert {(sent.path, sent.is_gzip, sent.status) for sent in heard.sent} == {("/v1/batch", gzip, 200)}
    assert times_sent(heard) == CALLS


@library
@pytest.mark.parametrize("lost", [[503], [500, 503]], ids=["once", "twice"])
def test_what_is_sent_again_because_the_answer_was_lost_counts_once(
    live_server: LiveServer, usage_source: Source, library: str, lost: list[int]
) -> None:
    story = Story("acme")
    with relay(port_of(live_server), lost) as heard:
        assert LIBRARIES[library](story, heard.address, "key") == []
    assert found(story) == expected(story)
    assert [sent.told for sent in heard.sent][: len(lost)] == lost
    assert counted() == (CALLS - 1, times_sent(heard) - CALLS + 1, 0)
    assert times_sent(heard) > CALLS


def test_one_of_them_sends_again_what_is_answered_202_and_so_we_answer_200(
    live_server: LiveServer, usage_source: Source
) -> None:
    story = Story("acme")
    with relay(port_of(live_server), [202]) as heard:
        assert LIBRARIES["rudder-sdk-python"](story, heard.address, "key") == []
    assert [(sent.status, sent.told) for sent in heard.sent][:2] == [(200, 202), (200, 200)]
    assert heard.sent[0].calls == heard.sent[1].calls
    assert found(story) == expected(story)


@library
def test_a_wrong_key_is_told_and_not_tried_again(live_server: LiveServer, usage_source: Source, library: str) -> None:
    with relay(port_of(live_server)) as heard:
        failures = LIBRARIES[library](Story("acme"), heard.address, "nobody's")
    assert len(failures) == len(heard.sent)
    assert all("wrong_key" in failure and "No source has this key" in failure for failure in failures)
    assert {sent.status for sent in heard.sent} == {401}


@pytest.mark.parametrize("channel", ["batch", "import"])
@pytest.mark.parametrize("library", list(SHAPES))
def test_what_the_node_libraries_send_arrives_once(
    client: Client, usage_source: Source, library: str, channel: str
) -> None:
    story = Story("acme")
    for _ in range(2):
        for wire in SHAPES[library](story, "key"):
            kind = wire.headers["Content-Type"]
            answer = client.post(f"/v1/{channel}", wire.body, content_type=kind, headers=wire.headers)
            assert answer.status_code == 200
    assert found(story) == expected(story)
    assert counted() == (CALLS - 1, CALLS + 1, 0)
    happened = Event.objects.filter(name__startswith="Viewed").values_list("occurred_at", flat=True)
    assert {at.replace(microsecond=0) for at in happened} == {NOW.replace(microsecond=0)}
