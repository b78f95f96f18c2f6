"""Calls, records and files tell of the same accounts and contacts: the newest word of each field stands."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.intake.hooks.reading import read_body
from accounts.intake.hooks.verbs import take_in_records
from accounts.intake.models import ProfileCall
from accounts.intake.reading import Envelope
from accounts.intake.verbs import take_in
from accounts.records.models import Account, Contact
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from tests.factories import SourceFactory

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
_ids = count()

Word = tuple[str, int, dict[str, Any]]
"""What tells (identify, group or record), after how many hours, and the traits or fields."""


def _sender() -> Sender:
    source = SourceFactory(name=f"Everything {next(_ids)}", kinds=[Kind.USAGE, Kind.ACCOUNT])
    return Sender(source.pk, source.name, frozenset({Kind.USAGE, Kind.ACCOUNT}), is_heard=False)


def say(sender: Sender, words: Iterable[tuple[int, Word]], who: str) -> None:
    """Send numbered words about one account or contact: neighbours of the calls in one batch, records one by one."""
    batch: list[dict[str, Any]] = []
    for number, (kind, hours, told) in words:
        at = (START + timedelta(hours=hours)).isoformat()
        if kind == "record":
            _send(sender, batch)
            body = {"type": "account" if "plan_segment" in told else "contact"}
            body |= {"data": told | {"external_id": who, "updated_at": at}}
            take_in_records(sender, read_body(body, NOW), webhook_id=None, body=body, now=NOW)
        else:
            call = {"type": kind, "traits": told, "timestamp": at, "messageId": f"{who}-{number:02}"}
            batch.append(call | {"groupId" if kind == "group" else "userId": who})
    _send(sender, batch)


def _send(sender: Sender, batch: list[dict[str, Any]]) -> None:
    if batch:
        receipt = take_in(sender, "batch", batch, Envelope(NOW, None, None), endpoint=None, size=1000)
        assert (receipt.accepted, receipt.refused) == (len(batch), [])
        batch.clear()


def one_by_one(sender: Sender, words: list[Word], who: str) -> None:
    for numbered in enumerate(words):
        say(sender, [numbered], who)


@pytest.mark.django_db
def test_a_call_leaves_alone_what_it_does_not_tell() -> None:
    sender = _sender()
    one_by_one(
        sender,
        [
            ("identify", 0, {"email": "old@x", "name": "Old"}),
            ("record", 2, {"email": "new@x", "first_name": "Maria", "last_name": "Silva"}),
            ("identify", 3, {"lastPage": "/"}),
            ("identify", 1, {"plan": "gold"}),
        ],
        "maria",
    )
    contact = Contact.objects.get()
    assert (contact.email, contact.name) == ("new@x", "Maria Silva")
    assert contact.traits.items() >= {"lastPage": "/", "plan": "gold"}.items()
    one_by_one(sender, [("group", 0, {"plan": "self_serve"})], "acme")
    Account.objects.update(plan_segment="enterprise")  # as a file does, which has no time
    say(sender, [(1, ("group", 2, {"employees": 50})), (2, ("group", 1, {"industry": "Retail"}))], "acme")
    acme = Account.objects.get()
    assert (acme.plan_segment, acme.employee_count, acme.industry) == ("enterprise", 50, "Retail")


@pytest.mark.django_db
def test_an_older_call_undoes_no_newer_record() -> None:
    sender = _sender()
    one_by_one(sender, [("record", 1, {"email": "new@x"}), ("identify", 0, {"email": "old@x", "name": "M"})], "maria")
    assert Contact.objects.values_list("email", "name").get() == ("new@x", "M")
    one_by_one(sender, [("record", 1, {"plan_segment": "enterprise"}), ("group", 0, {"plan": "self_serve"})], "acme")
    assert Account.objects.get().plan_segment == "enterprise"
    one_by_one(sender, [("identify", 2, {"email": "newest@x"})], "maria")
    assert Contact.objects.get().email == "newest@x"


@pytest.mark.django_db
def test_an_older_record_undoes_no_newer_call() -> None:
    sender = _sender()
    one_by_one(
        sender,
        [
            ("identify", 2, {"email": "new@x", "firstName": "Mary", "name": ""}),
            ("record", 1, {"email": "old@x", "first_name": "Maria", "last_name": "Silva"}),
        ],
        "maria",
    )
    assert Contact.objects.values_list("email", "name").get() == ("new@x", "Mary Silva")
    one_by_one(
        sender,
        [("group", 2, {"plan": "self_serve"}), ("record", 1, {"plan_segment": "enterprise", "industry": "Retail"})],
        "acme",
    )
    assert Account.objects.values_list("plan_segment", "industry").get() == ("self_serve", "Retail")


@pytest.mark.django_db
def test_an_older_record_does_not_bring_a_contact_back_to_where_they_were() -> None:
    sender = _sender()
    one_by_one(sender, [("group", 0, {}), ("record", 0, {"plan_segment": "enterprise"})], "acme")
    one_by_one(sender, [("group", 0, {})], "globex")
    call = {"type": "group", "groupId": "globex", "userId": "maria", "messageId": "placed"}
    _send(sender, [call | {"timestamp": START.isoformat()}])
    one_by_one(sender, [("record", 0, {"account": "acme", "email": "m@x"})], "maria")
    assert Contact.objects.values_list("account__external_id", "email").get() == ("globex", "m@x")
    one_by_one(sender, [("record", 1, {"account": "acme"})], "maria")
    one_by_one(sender, [("record", 1, {"account": "acme"})], "maria")
    assert Contact.objects.get().account == Account.objects.get(external_id="acme")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "name"),
    [
        ([{"firstName": "Maria"}, {"lastName": "Silva"}], "Maria Silva"),
        ([{"firstName": "Maria", "lastName": "Silva"}, {"lastName": "Souza"}], "Maria Souza"),
        ([{"name": "Maria Silva"}, {"firstName": "Mary"}], "Maria Silva"),
        ([{"name": "Maria Silva"}, {"firstName": "Mary", "lastName": "Souza"}], "Mary Souza"),
        ([{"firstName": "Mary", "lastName": "Souza"}, {"name": "Maria Silva"}], "Maria Silva"),
        ([{"name": "Maria"}, {"name": ""}, {"email": "m@x"}], "Maria"),
    ],
)
@pytest.mark.parametrize("step", [1, -1], ids=["in order", "the other way round"])
def test_the_newest_name_stands(told: list[dict[str, Any]], name: str, step: int) -> None:
    words: list[tuple[int, Word]] = [(hour, ("identify", hour, traits)) for hour, traits in enumerate(told)]
    sender = _sender()
    for word in words[::step]:
        say(sender, [word], "maria")
    assert Contact.objects.get().name == name


@pytest.mark.django_db
def test_late_calls_are_told_in_one_reading_of_those_since() -> None:
    sender = _sender()
    told: list[Word] = [("group", 0, {}), ("identify", 0, {"page": "/"})]
    told += [("group", 50, {"industry": "known"}), ("identify", 50, {"lastName": "Silva"})]
    one_by_one(sender, told, "acme")
    # No late call is older than this one, and what it holds cannot be read.
    ProfileCall.objects.filter(occurred_at=START).update(payload="unreadable")

    def queries_of(calls: int) -> int:
        with CaptureQueriesContext(connection) as told:
            words: list[Word] = [("group", 1, {"goals": "a"}), ("identify", 1, {"firstName": "Maria"})] * calls
            say(sender, enumerate(words, start=100 * calls), "acme")
        return len(told)

    assert queries_of(20) == queries_of(2)
    assert Account.objects.values_list("industry", "goals").get() == ("known", "a")
    assert Contact.objects.values_list("name").get() == ("Maria Silva",)


_texts = st.sampled_from(["", "A", "B", 5, None])
_identify = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("name", "firstName", "lastName", "email", "page"), _texts)
)
_group = st.fixed_dictionaries(
    {},
    optional={"plan": st.sampled_from(["enterprise", "self_serve", "gold"]), "industry": _texts, "employees": _texts},
)
# Records at odd hours, calls at even ones: between the two nothing is at the same time.
_hours = st.integers(0, 3).map(lambda hour: hour * 2)


def _calls(kind: str, traits: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[Word]]:
    return st.lists(st.tuples(st.just(kind), _hours, traits), min_size=2, max_size=6)


def _records(fields: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[Word]]:
    odd = _hours.map(lambda hour: hour + 1)
    return st.lists(st.tuples(st.just("record"), odd, fields), max_size=2, unique_by=lambda word: word[1])


class AnyOrder(TestCase):
    def both(self, calls: list[Word], records: list[Word], data: st.DataObject) -> tuple[str, str]:
        """Tell one object in the order of the times, another in any."""
        sender, in_order, in_any = _sender(), f"one-{next(_ids)}", f"other-{next(_ids)}"
        words = list(enumerate([*calls, *records]))
        for word in sorted(words, key=lambda word: (word[1][1], word[0])):
            say(sender, [word], in_order)
        arrivals = list(data.draw(st.permutations(words)))
        cut = data.draw(st.integers(0, len(arrivals)))
        for part in (arrivals[:cut], arrivals[cut:]):
            say(sender, part, in_any)
        return in_order, in_any

    @settings(max_examples=25, deadline=None)
    @given(_calls("identify", _identify), _records(st.fixed_dictionaries({"email": st.sampled_from("CD")})), st.data())
    def test_of_contacts(self, calls: list[Word], records: list[Word], data: st.DataObject) -> None:
        found = [
            Contact.objects.values_list("name", "email", "traits", "traits_at").get(external_id=who)
            for who in self.both(calls, records, data)
        ]
        assert found[0][:2] == found[1][:2]
        if not records:
            assert found[0] == found[1]

    @settings(max_examples=25, deadline=None)
    @given(
        _calls("group", _group),
        _records(st.fixed_dictionaries({"plan_segment": st.sampled_from(["enterprise", "mid_market"])})),
        st.data(),
    )
    def test_of_accounts(self, calls: list[Word], records: list[Word], data: st.DataObject) -> None:
        found = [
            Account.objects.values_list("plan_segment", "industry", "employee_count").get(external_id=who)
            for who in self.both(calls, records, data)
        ]
        assert found[0] == found[1]
