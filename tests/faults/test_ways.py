"""Rows 10, 23, 24 and 29 of the list of faults in their short form, over real connections."""

from collections import Counter
from urllib.parse import urlsplit

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.intake.models import RefusedItem
from accounts.sources.models import Source
from accounts.sources.rules import Kind
from accounts.sources.secrets import keep_secret
from tests.factories import AccountFactory, SourceFactory
from tests.faults import nasty_ways
from tests.faults.bad_few import send_twice, told
from tests.faults.once import event_many_times, webhook_many_times
from tests.faults.signed_ways import try_all
from tests.faults.ways import ACCOUNT, ways

pytestmark = pytest.mark.django_db(transaction=True)
TIMES, OTHER = 16, 6
KEY = "ways-key"


@pytest.fixture
def source(transactional_db: None) -> Source:
    """One source for everything, whose account is there."""
    AccountFactory(external_id=ACCOUNT)
    return SourceFactory(name="Everything", kinds=list(Kind), key=KEY)


@pytest.fixture
def address(live_server: LiveServer, source: Source) -> str:
    return urlsplit(live_server.url).netloc


@pytest.fixture
def signing(source: Source) -> Source:
    for way in ways(source.pk):
        keep_secret(source, way.scheme, way.secrets[0], acting_user=None)
    return source


def test_one_webhook_id_at_once_has_one_effect_and_one_answer(address: str, signing: Source) -> None:
    found = webhook_many_times(address, signing.pk, TIMES)
    assert (found.answers, found.effects, len(found.texts)) == (Counter({(200, "accepted"): TIMES}), 1, 1)


def test_of_two_bodies_under_one_webhook_id_one_stands_and_the_difference_is_named(
    address: str, signing: Source
) -> None:
    found = webhook_many_times(address, signing.pk, TIMES, other=OTHER)
    assert found.effects == 1
    assert set(found.answers) == {(200, "accepted"), (409, "differs at data.priority")}
    assert sorted(found.answers.values()) == [OTHER, TIMES - OTHER]


@pytest.mark.parametrize("channel", ["track", "batch"])
def test_one_message_id_at_once_has_one_effect(address: str, channel: str) -> None:
    found = event_many_times(address, KEY, TIMES, channel=channel)
    assert found.answers == Counter({(200, "accepted"): 1, (200, "duplicate"): TIMES - 1})
    assert found.effects == 1


@pytest.mark.parametrize(("channel", "status"), [("track", 409), ("batch", 200)])
def test_of_two_bodies_under_one_message_id_one_stands(address: str, channel: str, status: int) -> None:
    found = event_many_times(address, KEY, TIMES, other=OTHER, channel=channel)
    assert found.effects == 1
    refused = found.answers.pop((status, "differs at properties.format"))
    assert refused in (OTHER, TIMES - OTHER)
    assert found.answers == Counter({(200, "accepted"): 1, (200, "duplicate"): TIMES - refused - 1})
    assert RefusedItem.objects.filter(code="other_body").count() == refused


def test_a_batch_with_ten_bad_events_costs_ten(address: str) -> None:
    tried = send_twice(address, KEY)
    assert told(tried.first) == (200, 990, 0, tried.expected)
    assert told(tried.again) == (200, 0, 990, tried.expected)
    assert (tried.stored, tried.stored_after) == (990, 990)


def test_what_is_not_signed_as_it_should_be_has_no_effect(address: str, source: Source) -> None:
    tried = try_all(address, source.pk, ways(source.pk))
    assert [(found.way, found.tried, found.answer) for found in tried if not found.is_right] == []
    assert len(tried) == 11 * 4


def test_no_body_breaks_a_way_in(address: str, signing: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nasty_ways, "GOOD", nasty_ways.GOOD[::9])
    monkeypatch.setattr(nasty_ways, "BROKEN", nasty_ways.BROKEN[::9])
    found = nasty_ways.send_all(address, KEY, ways(signing.pk))
    assert found.wrong == []
    assert set(found.answers) <= {200, 400, 401, 409, 411, 413}
    assert found.answers[413] >= 6
