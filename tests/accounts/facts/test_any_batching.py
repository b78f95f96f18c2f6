"""The same calls, whatever batches they come in, how often and in which order, make the same facts.

They take the way that requests take, so that contacts are made on the way and
each batch marks what it touches.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import FactsDirty
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.intake.reading import Envelope
from accounts.intake.verbs import take_in
from accounts.records.models import Account
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from accounts.usage.models import KeyAction
from tests.accounts.facts.history import FIRST, LAST, facts_of
from tests.accounts.facts.test_recount import RECOUNT, USAGE
from tests.factories import AccountFactory, SourceFactory

NAMES = ["Signed In", "Report Exported", "Dashboard Opened", "API Call", "Cancellation Intent"]
NOON = datetime(FIRST.year, FIRST.month, FIRST.day, 12, tzinfo=UTC)

calls = st.lists(
    st.tuples(st.integers(0, 69), st.sampled_from(NAMES), st.integers(0, 3), st.integers(0, 300), st.integers(0, 2)),
    min_size=1,
    max_size=40,
)


def call_of(account: Account, number: int, told: tuple[int, str, int, int, int]) -> dict[str, Any]:
    days, name, who, seconds, gigabytes = told
    return {
        "type": "track",
        "messageId": f"{account.external_id}-{number}",
        "event": name,
        "userId": f"{account.external_id}-{who}" if who else None,
        "timestamp": (NOON + timedelta(days=days)).isoformat(),
        "properties": {"duration_seconds": seconds} | ({"gigabytes": gigabytes / 8} if gigabytes else {}),
        "context": {"groupId": account.external_id},
    }


def send(sender: Sender, batch: list[dict[str, Any]]) -> None:
    envelope = Envelope(NOON + timedelta(days=90))
    receipt = take_in(sender, "batch", list(batch), envelope, endpoint=None, size=1)
    assert (receipt.accepted + receipt.duplicates, receipt.refused) == (len(batch), [])


def told_of(account: Account) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "account"} for row in facts_of(account)]


class AnyBatching(TestCase):
    @settings(max_examples=15, deadline=None)
    @given(calls, st.randoms(use_true_random=False))
    def test_any_batching_gives_the_facts_of_one_batch_and_of_a_recount(
        self, told: list[tuple[int, str, int, int, int]], chance: random.Random
    ) -> None:
        KeyAction.objects.get_or_create(event_name="Report Exported")
        sender = Sender(SourceFactory().pk, "Product", frozenset({Kind.USAGE}), is_heard=False)
        acme, other = AccountFactory.create_batch(2)
        send(sender, [call_of(acme, *numbered) for numbered in enumerate(told)])
        refresh([acme.pk], FIRST, LAST)

        again = [call_of(other, *numbered) for numbered in enumerate(told)]
        again += chance.choices(again, k=len(again) // 2)
        chance.shuffle(again)
        FactsDirty.objects.create(account=other, day=FIRST)
        while again:
            size = chance.randint(1, 10)
            send(sender, again[:size])
            again = again[size:]
            if chance.random() < 0.5:
                refresh_dirty(10, up_to=LAST)
        while refresh_dirty(10, up_to=LAST):
            pass
        kept = told_of(other)
        assert kept == told_of(acme)

        with connection.cursor() as cursor:
            for table in USAGE:
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("DELETE FROM accounts_accountfacts")
            cursor.execute(RECOUNT)
        refresh(None, FIRST, LAST)
        assert told_of(other) == kept
