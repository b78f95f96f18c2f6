"""Whatever the order in which words come, and however often, the same word stands; and one id has one effect."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.intake.hooks import applying
from accounts.intake.hooks.models import HookCall
from accounts.intake.hooks.reading import read_body
from accounts.intake.hooks.rules import (
    MAX_PARTS,
    Record,
    RecordType,
    Told,
    differences,
    newer_fields,
    parts,
)
from accounts.intake.hooks.turns import news_of
from accounts.intake.hooks.verbs import take_in_records
from accounts.intake.models import IntakeBatch
from accounts.intake.reading import Envelope
from accounts.intake.rules import Call, RequestRefused, other_body
from accounts.intake.verbs import take_in
from accounts.records.models import Account, Ticket
from accounts.sources.models import Source
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from tests.concurrency import at_once, until_somebody_waits
from tests.factories import AccountFactory, SourceFactory

KEY = b"key"
START = datetime(2026, 3, 1, tzinfo=UTC)
LATER = START + timedelta(days=30)

words = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.dictionaries(st.sampled_from(["name", "industry", "goals"]), st.one_of(st.none(), st.integers(0, 3))),
    ),
    max_size=6,
)


def told_after(said: list[tuple[int, dict[str, Any]]]) -> tuple[dict[str, Any], Told]:
    """The values and times after all these words, one after the other."""
    values: dict[str, Any] = {}
    told: Told = {}
    for day, fields in said:
        record = Record(0, RecordType.ACCOUNT, "acme", START + timedelta(days=day), fields, None)
        newer = newer_fields(told, record, KEY)
        told |= newer
        values |= {name: fields[name] for name in newer}
    return values, told


@given(words, st.randoms())
def test_any_order_and_any_repetition_leave_the_same(said: list[tuple[int, dict[str, Any]]], random: Any) -> None:
    again = said + random.sample(said, len(said) // 2)
    random.shuffle(again)
    assert told_after(again) == told_after(said)


@given(words)
def test_the_newest_word_of_each_field_stands(said: list[tuple[int, dict[str, Any]]]) -> None:
    values, _ = told_after(said)
    for name, value in values.items():
        newest = max(day for day, fields in said if name in fields)
        assert value in [fields[name] for day, fields in said if day == newest and name in fields]


def test_the_difference_of_two_bodies_is_named_by_its_place() -> None:
    body = {"type": "account", "data": [{"a": 1, "b": {"c": [1, 2]}}, {"a": []}]}
    other = {"type": "account", "data": [{"a": 1, "b": {"c": [1, 3]}}, {"a": [], "d": None}, {}]}
    assert differences(parts(body, KEY), parts(body, KEY)) == []
    assert differences(parts(body, KEY), parts(other, KEY)) == ["data[0].b.c[1]", "data[1].d", "data[2]"]
    assert "differs at a, b, c and 2 more. " in other_body("x", list("abcde")).reason


def test_a_large_body_is_compared_record_by_record() -> None:
    body = {"type": "ticket", "data": [{"a": n, "b": n} for n in range(MAX_PARTS)]}
    other = {"type": "ticket", "data": [{"a": n, "b": -n if n == 7 else n} for n in range(MAX_PARTS)]}
    assert differences(parts(body, KEY), parts(other, KEY)) == ["data[7]"]


@pytest.mark.django_db
def test_tickets_end_the_same_in_every_order(desk: Source) -> None:
    account = AccountFactory(external_id="acme")
    sender = Sender(desk.pk, desk.name, frozenset({Kind.SUPPORT}), is_heard=False)
    told = [
        {"updated_at": "2026-03-10T00:00:00Z", "account": "acme", "opened_at": "2026-03-09T00:00:00Z"},
        {"updated_at": "2026-03-11T00:00:00Z", "account": "acme", "opened_at": "2026-03-09T00:00:00Z", "priority": "a"},
        {"updated_at": "2026-03-11T00:00:00Z", "account": "acme", "opened_at": "2026-03-09T00:00:00Z", "priority": "b"},
        {"updated_at": "2026-03-12T00:00:00Z", "account": "acme", "opened_at": "2026-03-08T00:00:00Z"},
    ]
    ends = set()
    for number, order in enumerate(permutations(told)):
        for item in order:
            body = {"type": "ticket", "data": item | {"external_id": f"t-{number}"}}
            take_in_records(sender, read_body(body, LATER), webhook_id=None, body=body, now=LATER)
        ticket = Ticket.objects.get(external_id=f"t-{number}")
        ends.add((ticket.account_id, ticket.opened_at, ticket.priority))
    assert len(ends) == 1
    assert {(a, o) for a, o, _ in ends} == {(account.pk, datetime(2026, 3, 8, tzinfo=UTC))}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [True, False])
def test_a_record_leaves_alone_what_a_call_tells_meanwhile(
    is_known: bool, desk: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = SourceFactory(name="Product", kinds=[Kind.USAGE])
    caller = Sender(product.pk, product.name, frozenset({Kind.USAGE, Kind.ACCOUNT}), is_heard=False)
    group = {"type": "group", "groupId": "acme", "messageId": "g", "traits": {"name": "Acme Ltd"}}
    if is_known:
        AccountFactory(external_id="acme", name="Acme")
    with ThreadPoolExecutor(1) as pool:
        calling: list[Future[Any]] = []

        def call() -> int:
            try:
                now = Envelope(LATER, None, None)
                return take_in(caller, "group", [group], now, endpoint=Call.GROUP, size=100).accepted
            finally:
                connection.close()

        def news_meanwhile(*told: Any) -> Any:
            calling.append(pool.submit(call))
            # Of an account that is known, the call waits for the record; one that is new it makes at once.
            until_somebody_waits() if is_known else calling[0].result()
            return news_of(*told)

        monkeypatch.setattr(applying, "news_of", news_meanwhile)
        sender = Sender(desk.pk, desk.name, frozenset({Kind.ACCOUNT}), is_heard=False)
        data = {"external_id": "acme", "updated_at": "2026-03-10T00:00:00Z", "industry": "Retail"}
        body = {"type": "account", "data": data}
        take_in_records(sender, read_body(body, LATER), webhook_id=None, body=body, now=LATER)
        assert calling[0].result() == 1
    assert Account.objects.values_list("name", "industry").get() == ("Acme Ltd", "Retail")


@pytest.mark.django_db(transaction=True)
def test_the_same_id_many_times_at_once_has_one_effect_and_one_answer(desk: Source) -> None:
    AccountFactory(external_id="acme")
    sender = Sender(desk.pk, desk.name, frozenset({Kind.SUPPORT}))
    item = {
        "external_id": "t",
        "updated_at": "2026-03-10T00:00:00Z",
        "account": "acme",
        "opened_at": "2026-03-09T00:00:00Z",
    }
    body = {"type": "ticket", "data": item}
    other = {"type": "ticket", "data": item | {"priority": "high"}}

    def send(content: dict[str, Any], webhook_id: str = "one") -> Any:
        return take_in_records(sender, read_body(content, LATER), webhook_id=webhook_id, body=content, now=LATER)

    send(body)
    answers = at_once([lambda: send(body)] * 12 + [lambda: send(other)] * 4)
    assert answers[:12] == [{"success": True, "accepted": 1, "duplicates": 0, "refused": []}] * 12
    assert [(type(a), getattr(a, "status", 0)) for a in answers[12:]] == [(RequestRefused, 409)] * 4
    fresh = at_once([lambda: send(body, "two")] * 12)
    assert fresh == [fresh[0]] * 12
    assert (Ticket.objects.count(), HookCall.objects.count()) == (1, 2)
    assert IntakeBatch.objects.filter(accepted=1).count() == 1
