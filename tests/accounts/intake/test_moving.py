"""Events counted before it was told where their contact was go there, with their daily sums."""

from datetime import UTC, datetime, timedelta
from threading import Event as Signal
from typing import Any

import pytest
from django.db import transaction

from accounts.facts.models import FactsDirty
from accounts.intake.models import PlaceDirty
from accounts.intake.moving import move_events
from accounts.intake.reading import Envelope
from accounts.intake.verbs import take_in
from accounts.records.models import Contact
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from accounts.usage.models import ContactDay, DailyUsage, Event, ForgottenDays
from loyalty.pipeline import react_now
from tests.accounts.usage.test_counting import KEPT, RECOUNTED, sums
from tests.concurrency import at_once, until_somebody_waits
from tests.factories import SourceFactory

NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)


@pytest.fixture
def sender() -> Sender:
    kinds = [Kind.USAGE, Kind.ACCOUNT]
    source = SourceFactory(kinds=kinds)
    return Sender(source.pk, source.name, frozenset(kinds), is_heard=False)


def say(sender: Sender, *calls: dict[str, Any]) -> None:
    receipt = take_in(sender, "batch", list(calls), Envelope(NOW), endpoint=None, size=1)
    assert (receipt.accepted, receipt.refused) == (len(calls), [])


def group(account: str, day: int) -> dict[str, Any]:
    return {"type": "group", "groupId": account, "userId": "maria", "messageId": f"{account}{day}", **_on(day)}


def track(day: int, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Report Generated", "userId": "maria", "messageId": f"m{day}", **_on(day), **more}


def _on(day: int) -> dict[str, str]:
    return {"timestamp": (NOW - timedelta(days=30 - day)).isoformat()}


def accounts_of_events() -> dict[str, str]:
    return dict(Event.objects.values_list("message_id", "account__external_id"))


@pytest.mark.django_db
def test_a_late_call_moves_what_was_counted_since_until_the_next(sender: Sender) -> None:
    say(sender, group("acme", 1), *(track(day) for day in (2, 8, 12)), group("acme", 10))
    named = track(9, context={"groupId": "acme"})
    say(sender, named)
    FactsDirty.objects.all().delete()

    say(sender, group("globex", 5))
    assert list(PlaceDirty.objects.values_list("since", flat=True)) == [NOW - timedelta(days=25)]
    move_events()

    # What names its account stays there, and so does what happened before the call or after the next.
    assert accounts_of_events() == {"m2": "acme", "m8": "globex", "m9": "acme", "m12": "acme"}
    assert sums(KEPT) == sums(RECOUNTED)
    day = (NOW - timedelta(days=22)).date()
    marks = FactsDirty.objects.filter(day=day)
    accounts = dict(Event.objects.values_list("account__external_id", "account"))
    assert sorted(marks.values_list("account", flat=True)) == sorted(accounts.values())
    assert not DailyUsage.objects.filter(account=accounts["acme"], day=day).exists()
    assert not PlaceDirty.objects.exists()


@pytest.mark.django_db
def test_calls_that_say_the_same_as_before_leave_no_mark(sender: Sender) -> None:
    say(sender, group("acme", 1), track(2))
    say(sender, group("acme", 4), group("acme", 3))
    say(sender, track(0))

    assert not PlaceDirty.objects.exists()
    assert Contact.objects.get().placed_at == NOW - timedelta(days=26)


@pytest.mark.django_db
def test_days_whose_raw_events_were_deleted_stay(sender: Sender) -> None:
    say(sender, group("acme", 1), track(2), track(4))
    forgotten = (NOW - timedelta(days=28)).replace(hour=0)
    ForgottenDays.objects.create(id=1, since=forgotten, until=forgotten + timedelta(days=1))

    say(sender, group("globex", 1) | {"messageId": "z"})
    react_now()

    assert accounts_of_events() == {"m2": "acme", "m4": "globex"}
    assert ContactDay.objects.filter(account__external_id="acme").count() == 1
    assert sums(KEPT) == sums(RECOUNTED)


@pytest.mark.django_db(transaction=True)
def test_events_on_their_way_in_while_the_call_came_are_waited_for(sender: Sender) -> None:
    say(sender, group("acme", 1))
    has_stored, was_told = Signal(), Signal()

    @transaction.atomic
    def store() -> None:
        say(sender, track(8))
        has_stored.set()
        assert was_told.wait(timeout=30)
        until_somebody_waits()

    def tell_and_move() -> None:
        assert has_stored.wait(timeout=30)
        say(sender, group("globex", 5))
        was_told.set()
        move_events()

    assert at_once([store, tell_and_move]) == [None, None]
    assert accounts_of_events() == {"m8": "globex"}
    assert sums(KEPT) == sums(RECOUNTED)
