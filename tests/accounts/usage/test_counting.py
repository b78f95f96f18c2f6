"""Daily usage is an exact sum over the stored events, however they came in."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.intake.reading import Envelope
from accounts.intake.verbs import take_in
from accounts.records.models import Account, Contact
from accounts.sources.queries import Sender, sender_of
from accounts.sources.rules import Kind
from accounts.usage.models import KeyAction
from tests.concurrency import at_once
from tests.factories.sources import SourceFactory

NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)
RECOUNTED = """
SELECT 'day', account_id, (occurred_at AT TIME ZONE 'UTC')::date::text, '', sum(quantity),
       coalesce(sum(quantity) FILTER (WHERE name IN (SELECT event_name FROM accounts_keyaction)), 0),
       coalesce(sum(quantity) FILTER (WHERE name IN ('Signed In', 'Login')), 0), sum(seconds),
       min(occurred_at) FILTER (WHERE name IN (SELECT event_name FROM accounts_keyaction))::text,
       max(occurred_at) FILTER (WHERE name IN (SELECT event_name FROM accounts_keyaction))::text
FROM accounts_event GROUP BY 2, 3
UNION ALL
SELECT 'event', account_id, (occurred_at AT TIME ZONE 'UTC')::date::text, name, sum(quantity), 0, 0, 0,
       min(occurred_at)::text, max(occurred_at)::text
FROM accounts_event GROUP BY 2, 3, 4
UNION ALL
SELECT 'contact', account_id, (occurred_at AT TIME ZONE 'UTC')::date::text, contact_id::text, sum(quantity),
       coalesce(sum(quantity) FILTER (WHERE name IN (SELECT event_name FROM accounts_keyaction)), 0), 0, 0, '', ''
FROM accounts_event WHERE contact_id IS NOT NULL GROUP BY 2, 3, 4
UNION ALL
SELECT 'metered', account_id, (occurred_at AT TIME ZONE 'UTC')::date::text, '',
       sum((properties ->> 'gigabytes')::numeric), 0, 0, 0, '', ''
FROM accounts_event WHERE properties ? 'gigabytes' GROUP BY 2, 3
"""
KEPT = """
SELECT 'day', account_id, day::text, '', events, key_actions, sign_ins, seconds, key_first_at::text, key_last_at::text
FROM accounts_dailyusage
UNION ALL
SELECT 'event', account_id, day::text, name, quantity, 0, 0, 0, first_at::text, last_at::text FROM accounts_eventday
UNION ALL
SELECT 'contact', account_id, day::text, contact_id::text, events, key_actions, 0, 0, '', '' FROM accounts_contactday
UNION ALL
SELECT 'metered', account_id, day::text, '', gigabytes, 0, 0, 0, '', '' FROM accounts_meteredday
"""
TABLES = (
    "accounts_event",
    "accounts_dailyusage",
    "accounts_eventday",
    "accounts_contactday",
    "accounts_meteredday",
    "accounts_factsdirty",
)

one_event = st.builds(
    lambda number, name, user, hours, seconds: {
        "type": "track",
        "event": name,
        "userId": user,
        "context": {"groupId": "acme"} if user is None else {},
        "messageId": f"m{number}",
        "timestamp": (NOW - timedelta(hours=hours)).isoformat(),
        "properties": {"duration_seconds": seconds} | ({"gigabytes": seconds / 8} if seconds % 2 else {}),
    },
    st.integers(0, 30),
    st.sampled_from(["Signed In", "Login", "Report Generated", "Dashboard Viewed"]),
    st.sampled_from(["maria", "jo", "li", None]),
    st.integers(0, 80),
    st.integers(0, 900),
)


def sums(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return sorted(
            tuple(value or "" if n > 7 else value for n, value in enumerate(row)) for row in cursor.fetchall()
        )


def empty() -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}")


@pytest.fixture
def sender(db: None) -> Sender:
    SourceFactory(kinds=[Kind.USAGE], key="key")
    KeyAction.objects.create(event_name="Report Generated")
    accounts = [Account.objects.create(external_id=name, name=name) for name in ("acme", "globex")]
    for name, account in (("maria", accounts[0]), ("jo", accounts[0]), ("li", accounts[1])):
        Contact.objects.create(external_id=name, account=account)
    found = sender_of("key", now=NOW)
    assert isinstance(found, Sender)
    return found


@pytest.fixture
def taken_in(sender: Sender) -> Callable[[list[dict[str, Any]]], Any]:
    def take(batch: list[dict[str, Any]]) -> Any:
        return take_in(sender, "batch", batch, Envelope(NOW), endpoint=None, size=len(json.dumps(batch)))

    return take


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(one_event, min_size=1, max_size=25, unique_by=lambda e: e["messageId"]), st.randoms(), st.data())
def test_any_batching_order_and_repetition_adds_up_the_same(
    taken_in: Callable[[list[dict[str, Any]]], Any],
    events: list[dict[str, Any]],
    chance: random.Random,
    data: st.DataObject,
) -> None:
    empty()
    assert taken_in(events).accepted == len(events)
    expected = sums(KEPT)
    assert expected == sums(RECOUNTED)
    empty()
    shuffled = events + chance.choices(events, k=len(events))
    chance.shuffle(shuffled)
    accepted = duplicates = 0
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        batch, shuffled = shuffled[:size], shuffled[size:]
        receipt = taken_in(batch)
        accepted, duplicates = accepted + receipt.accepted, duplicates + receipt.duplicates
        assert receipt.refused == []
    assert (accepted, duplicates) == (len(events), len(events))
    assert sums(KEPT) == expected == sums(RECOUNTED)


@pytest.mark.django_db(transaction=True)
def test_the_same_batches_from_many_senders_at_once_count_once(sender: Sender) -> None:
    chance = random.Random(3)
    people = ["maria", "jo", "li"]
    events = [
        {
            "type": "track",
            "event": f"E{n % 5}",
            "userId": people[n % 3],
            "messageId": f"m{n}",
            "timestamp": NOW.isoformat(),
        }
        for n in range(200)
    ]

    def send(seed: int) -> Callable[[], object]:
        mine = random.Random(seed).sample(events, len(events))
        return lambda: [
            take_in(sender, "batch", mine[at : at + 50], Envelope(NOW), endpoint=None, size=1).accepted
            for at in range(0, len(mine), 50)
        ]

    results = at_once(send(chance.random()) for _ in range(8))
    assert [r for r in results if isinstance(r, Exception)] == []
    assert sum(sum(r) for r in results if isinstance(r, list)) == len(events)
    assert sums(KEPT) == sums(RECOUNTED)
    assert sum(row[4] for row in sums(KEPT) if row[0] == "day") == len(events)
