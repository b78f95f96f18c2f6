"""Contacts that go from account to account: the same calls in any order, doubled and batched, make the same facts."""

import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.intake.reading import Envelope
from accounts.intake.verbs import take_in
from accounts.intake.waiting import take_in_all_waiting
from accounts.milestones.verbs import detect
from accounts.records.models import Contact
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from accounts.usage.models import Event, KeyAction
from tests.accounts.usage.test_counting import KEPT, RECOUNTED, sums
from tests.factories import SourceFactory
from tests.factories.milestones import MilestoneFactory

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(days=60)
Call = dict[str, Any]

# Daily sums, by names that do not depend on what came first.
DAYS = """
SELECT 'day', a.external_id, day::text, '', to_jsonb(d) - '{account_id,day}'::text[]
FROM accounts_dailyusage d JOIN accounts_account a ON a.id = d.account_id
UNION ALL
SELECT 'event', a.external_id, day::text, d.name, to_jsonb(d) - '{account_id,day,name}'::text[]
FROM accounts_eventday d JOIN accounts_account a ON a.id = d.account_id
UNION ALL
SELECT 'contact', a.external_id, day::text, c.external_id, to_jsonb(d) - '{account_id,day,contact_id}'::text[]
FROM accounts_contactday d JOIN accounts_account a ON a.id = d.account_id JOIN accounts_contact c ON c.id = d.contact_id
UNION ALL
SELECT 'metered', a.external_id, day::text, '', to_jsonb(d) - '{account_id,day}'::text[]
FROM accounts_meteredday d JOIN accounts_account a ON a.id = d.account_id
UNION ALL
SELECT 'milestone', a.external_id, r.reached_at::text, '', to_jsonb(r.count)
FROM accounts_milestonereach r JOIN accounts_account a ON a.id = r.account_id WHERE r.withdrawn_at IS NULL
"""


def _at(hours: int) -> str:
    return (START + timedelta(hours=hours)).isoformat()


def group(hours: int, account: str, user: str = "u") -> Call:
    return {"type": "group", "groupId": account, "userId": user, "timestamp": _at(hours)}


def identify(hours: int, user: str = "u") -> Call:
    return {"type": "identify", "userId": user, "timestamp": _at(hours)}


def track(hours: int, account: str | None = None, user: str = "u", name: str = "Report Generated") -> Call:
    told = {"type": "track", "event": name, "userId": user, "timestamp": _at(hours)}
    amounts = {"duration_seconds": hours + 1} | ({"gigabytes": hours / 8} if hours % 2 else {})
    return told | {"properties": amounts} | ({"context": {"groupId": account}} if account else {})


users, accounts = st.sampled_from(["u", "u", "v"]), st.sampled_from(["A", "B"])
# Few hours, so that many calls have the same time, and so many that days lie between them.
moments = st.integers(0, 5) | st.sampled_from([0, 24, 48, 72])
names = st.sampled_from(["Report Generated", "Signed In"])
calls = (
    st.builds(group, moments, accounts, users)
    | st.builds(track, moments, st.none() | accounts, users, names)
    | st.builds(track, moments, st.none(), users, names)
    | st.builds(identify, moments, users)
)


class PlacesInAnyOrder(TestCase):
    @settings(max_examples=25, deadline=None)
    @example([group(0, "A"), track(1), group(24, "B")], random.Random(1))
    @example([track(1, "A"), track(2, "B"), track(3)], random.Random(2))
    @example([group(1, "A"), group(1, "B"), track(2)], random.Random(3))
    @example([track(3, "A"), group(5, "B"), track(4), track(2)], random.Random(4))
    @given(st.lists(calls, min_size=2, max_size=9), st.randoms(use_true_random=False))
    def test_any_order_makes_the_same(self, history: list[Call], chance: random.Random) -> None:
        told = [call | {"messageId": f"m{n}"} for n, call in enumerate(history)]
        # Both accounts are there from the start: an event of an account that nobody has told of just waits.
        told += [{"type": "group", "groupId": account, "messageId": account, "timestamp": _at(0)} for account in "AB"]
        KeyAction.objects.create(event_name="Report Generated")
        MilestoneFactory(event_name="Report Generated", count=2)
        in_order = sorted(told, key=lambda call: (call["timestamp"], call["messageId"]))
        expected = _outcome([call] for call in in_order)
        for _ in range(3):
            shuffled = told + chance.choices(told, k=len(told))
            chance.shuffle(shuffled)
            assert _outcome(_batches(shuffled, chance)) == expected


def _batches(told: list[Call], chance: random.Random) -> Iterator[list[Call]]:
    while told:
        size = chance.randint(1, len(told))
        yield told[:size]
        told = told[size:]


def _outcome(batches: Iterable[list[Call]]) -> dict[str, Any]:
    """What came of the batches, some of them settled and served before the next; the database is as before."""
    before = transaction.savepoint()
    source = SourceFactory(kinds=[Kind.USAGE, Kind.ACCOUNT])
    sender = Sender(source.pk, source.name, frozenset({Kind.USAGE, Kind.ACCOUNT}), is_heard=False)
    number = 0
    for number, batch in enumerate(batches):
        take_in(sender, "batch", batch, Envelope(NOW), endpoint=None, size=len(json.dumps(batch)))
        if number % 2:
            _settle(number)
    _settle(number + 1)
    # The same that a recount gives: what is moved leaves nothing behind.
    assert sums(KEPT) == sums(RECOUNTED)
    with connection.cursor() as cursor:
        cursor.execute(DAYS)
        days = sorted(cursor.fetchall())
    found = {
        "events": sorted(Event.objects.values_list("message_id", "account__external_id", "contact__external_id")),
        "contacts": sorted(Contact.objects.values_list("external_id", "account__external_id")),
        "days": days,
    }
    transaction.savepoint_rollback(before)
    return found


def _settle(hours: int) -> None:
    """As long after the batch as whatever waits in vain must pause before it is tried again."""
    take_in_all_waiting(now=NOW + timedelta(hours=hours))
    detect(None, now=NOW)
