"""Identify, group and alias: once each, in whatever order they arrive."""

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts.facts.models import FactsDirty
from accounts.intake.models import ProfileCall
from accounts.intake.reading import Envelope
from accounts.intake.receipts import Receipt
from accounts.intake.rules import Call
from accounts.intake.verbs import take_in
from accounts.privacy.models import Consent
from accounts.records.models import Account, Contact
from accounts.sources.models import Source
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from accounts.usage.models import Event
from loyalty.core.audit.models import AuditLine
from tests.concurrency import at_once
from tests.factories.records import AccountFactory, ContactFactory
from tests.factories.sources import SourceFactory

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]


@pytest.fixture
def cdp(usage_source: Source) -> Source:
    """A second source that is the system of record for usage, while accounts stay with the first."""
    usage_source.kinds.filter(kind=Kind.USAGE.value).delete()
    return SourceFactory(name="CDP", kinds=[Kind.USAGE], key="cdp-key")


def test_identify_makes_a_contact_once(send: Send) -> None:
    call = {"userId": "maria", "messageId": "i1", "traits": {"firstName": "Maria", "lastName": "Silva", "email": "m@x"}}
    assert send("identify", call).json() == {"success": True, "accepted": 1, "duplicates": 0, "refused": []}
    assert send("identify", call).json() == {"success": True, "accepted": 0, "duplicates": 1, "refused": []}
    contact = Contact.objects.get()
    assert (contact.external_id, contact.name, contact.email, contact.account) == ("maria", "Maria Silva", "m@x", None)
    assert ProfileCall.objects.get().contact == contact


def test_group_makes_an_account_and_places_the_contact(send: Send) -> None:
    traits = {
        "name": "Acme",
        "industry": "Retail",
        "employees": 120,
        "plan": "Mid-Market",
        "createdAt": "2025-02-03T10:00:00Z",
        "address": {"country": "de"},
        "timezone": "Europe/Berlin",
        "referredBy": "globex",
    }
    assert send("group", {"userId": "maria", "groupId": "acme", "traits": traits}).json()["accepted"] == 1
    account = Account.objects.get()
    assert (account.external_id, account.name, account.industry, account.employee_count) == (
        "acme",
        "Acme",
        "Retail",
        120,
    )
    assert (account.plan_segment, account.signed_up_on) == ("mid_market", date(2025, 2, 3))
    assert (account.country, account.time_zone, account.traits) == ("DE", "Europe/Berlin", traits)
    assert account.referred_by == "globex"
    assert Contact.objects.get().account == account
    assert FactsDirty.objects.get().account_id == account.pk


@pytest.mark.parametrize(
    ("before", "told", "marked"),
    [
        (None, "2026-01-01", date(2026, 1, 1)),
        (date(2026, 2, 1), "2026-03-01", date(2026, 2, 1)),
        (date(2026, 2, 1), "2026-02-01", None),
        (None, "2126-01-01", None),
    ],
)
def test_a_sign_up_day_told_late_marks_every_day_that_it_touches(
    send: Send, before: date | None, told: str, marked: date | None
) -> None:
    today = timezone.now().date()
    AccountFactory(external_id="acme", signed_up_on=before)
    assert send("group", {"groupId": "acme", "traits": {"createdAt": told}}).json()["accepted"] == 1
    assert FactsDirty.objects.get().day == (marked or today)


def test_traits_that_make_no_sense_leave_their_fields_alone(send: Send) -> None:
    account = AccountFactory(external_id="acme", name="Acme", employee_count=7)
    traits = {"name": 5, "employees": "many", "plan": "gold", "createdAt": "soon", "timezone": "Mars", "address": "x"}
    assert send("group", {"groupId": "acme", "traits": traits}).status_code == 200
    account.refresh_from_db()
    assert (account.name, account.employee_count, account.time_zone) == ("Acme", 7, "")
    assert account.traits == traits


def test_any_order_of_identifies_gives_the_same_contact(send: Send) -> None:
    calls = [
        {"messageId": "a", "timestamp": "2026-03-01T00:00:00Z", "traits": {"name": "First", "a": 1}},
        {"messageId": "b", "timestamp": "2026-03-02T00:00:00Z", "traits": {"a": 2, "b": 1}},
        {"messageId": "c", "timestamp": "2026-03-03T00:00:00Z", "traits": {"name": "Last"}},
        {"messageId": "d", "timestamp": "2026-03-03T00:00:00Z", "traits": {"b": 9}},
    ]
    for number, order in enumerate(itertools.permutations(calls)):
        for call in order:
            unique = {"userId": f"u{number}", "messageId": f"{call['messageId']}{number}"}
            assert send("identify", call | unique).status_code == 200
    assert {(c.name, tuple(sorted(c.traits.items()))) for c in Contact.objects.all()} == {
        ("Last", (("a", 2), ("b", 9), ("name", "Last")))
    }


def test_a_late_group_call_does_not_move_the_contact_back(send: Send) -> None:
    for group, at in (("new", "2026-03-02T00:00:00Z"), ("old", "2026-03-01T00:00:00Z")):
        send("group", {"userId": "maria", "groupId": group, "timestamp": at, "traits": {"name": group}})
    contact = Contact.objects.select_related("account").get()
    assert contact.account is not None
    assert (contact.account.external_id, contact.placed_at) == ("new", datetime(2026, 3, 2, tzinfo=UTC))


def test_a_role_stays_at_its_account(send: Send) -> None:
    anna = ContactFactory(external_id="anna", account=AccountFactory(external_id="a", name="Acme"), role="champion")
    held = ContactFactory(external_id="held", account=AccountFactory(external_id="b"), role="champion")
    assert send("group", {"userId": "anna", "groupId": "a"}).json()["accepted"] == 1
    anna.refresh_from_db()
    assert (anna.role, AuditLine.objects.count()) == ("champion", 0)
    assert send("group", {"userId": "anna", "groupId": "b"}).json()["accepted"] == 1
    anna.refresh_from_db()
    assert (anna.account, anna.role) == (held.account, "user")
    assert list(held.account.contacts.filter(role="champion")) == [held]
    line = AuditLine.objects.get(verb="contact_role_set")
    assert (line.actor, line.actor_name, line.object_type, line.object_id, line.object_label) == (
        *(None, "The programme", "contact", str(anna.pk), "a contact of Acme"),
    )
    assert (line.before, line.after) == ({"role": "champion"}, {"role": "user"})
    assert line.reason == "They went to another account, where Customer Success has confirmed no role of theirs."


def test_who_is_not_the_record_for_accounts_only_places(send: Send, cdp: Source) -> None:
    account = AccountFactory(external_id="acme", name="Acme")
    placed = send("group", {"userId": "maria", "groupId": "acme", "traits": {"name": "Other"}}, key="cdp-key")
    assert placed.json()["accepted"] == 1
    account.refresh_from_db()
    assert (account.name, account.traits) == ("Acme", {})
    assert Contact.objects.get().account == account
    unknown = send("group", {"userId": "maria", "groupId": "nowhere"}, key="cdp-key")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown_account")
    assert Account.objects.count() == 1


def test_who_is_not_the_record_for_usage_may_not_identify(send: Send, cdp: Source) -> None:
    refused = send("identify", {"userId": "maria"})
    assert (refused.status_code, refused.json()["code"]) == (400, "not_system_of_record")
    assert "CDP is" in refused.json()["message"]
    assert not Contact.objects.exists()


def test_of_who_is_not_the_record_for_accounts_no_trait_counts_when_a_call_comes_late(send: Send, cdp: Source) -> None:
    group = {"groupId": "acme", "userId": "maria"}
    told = [("key", 3, {"goals": "Grow"}), ("cdp-key", 2, {"name": "Other"}), ("key", 1, {"name": "Acme"})]
    for key, day, traits in told:
        call = group | {"traits": traits, "timestamp": f"2026-03-0{day}T00:00:00Z", "messageId": f"g{day}"}
        if key == "key":
            del call["userId"]
        assert send("group", call, key=key).json()["accepted"] == 1
    account = Account.objects.get()
    assert (account.name, account.goals, Contact.objects.get().account) == ("Acme", "Grow", account)


def test_consent_is_given_to_the_record_of_feedback_and_withdrawn_to_anybody(
    send: Send, usage_source: Source, crm: Source
) -> None:
    def identify(hour: int, granted: bool) -> None:
        said = {"traits": {"consent": {"granted": granted}}, "timestamp": f"2026-03-01T{hour:02}:00:00Z"}
        assert send("identify", {"userId": "maria"} | said).json()["accepted"] == 1

    def words() -> list[tuple[int, bool]]:
        told = Consent.objects.order_by("at").values_list("at", "granted")
        return [(at.hour, granted) for at, granted in told]

    identify(1, True)
    identify(2, False)
    assert words() == [(2, False)]
    crm.kinds.update(is_active=False)
    identify(3, True)
    assert words() == [(2, False), (3, True)]
    usage_source.kinds.create(kind=Kind.FEEDBACK.value)
    identify(4, True)
    assert words()[-1] == (4, True)


def test_an_alias_renames_a_contact(send: Send) -> None:
    contact = ContactFactory(external_id="anonymous-1")
    call = {"previousId": "anonymous-1", "userId": "maria", "messageId": "al"}
    assert send("alias", call).json()["accepted"] == 1
    assert send("alias", call).json()["duplicates"] == 1
    contact.refresh_from_db()
    assert contact.external_id == "maria"


FIRST_ID = [
    {"type": "group", "userId": "trial-7", "groupId": "acme", "timestamp": "2026-03-01T09:00:00Z"},
    {"type": "identify", "userId": "trial-7", "traits": {"name": "Maria"}, "timestamp": "2026-03-01T09:01:00Z"},
    {"type": "alias", "previousId": "trial-7", "userId": "maria", "timestamp": "2026-03-01T09:02:00Z"},
    {
        "type": "track",
        "userId": "trial-7",
        "event": "Signed In",
        "context": {"groupId": "acme"},
        "timestamp": "2026-03-01T09:00:30Z",
    },
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(FIRST_ID)))))
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_what_is_sent_with_an_earlier_id_belongs_to_the_contact(
    send: Send, order: tuple[int, ...], together: bool
) -> None:
    account = AccountFactory(external_id="acme")
    calls = [FIRST_ID[place] | {"messageId": f"m{place}"} for place in order]
    batches = [calls] if together else [[call] for call in calls]
    answers = [send("batch", {"batch": batch}).json() for batch in [*batches, *batches]]
    assert sum(answer["accepted"] for answer in answers) == sum(answer["duplicates"] for answer in answers) == 4
    assert [refused for answer in answers for refused in answer["refused"]] == []
    contact = Contact.objects.get()
    assert (contact.external_id, contact.name, contact.account) == ("maria", "Maria", account)
    assert Event.objects.get().contact == contact


SIGN_UP = [
    {"type": "alias", "previousId": "anonymous-1", "userId": "maria"},
    {"type": "identify", "userId": "maria", "traits": {"name": "Maria"}},
    {"type": "group", "userId": "maria", "groupId": "acme"},
    {"type": "track", "userId": "maria", "event": "Signed Up", "context": {"groupId": "acme"}},
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(SIGN_UP)))))
@pytest.mark.parametrize("is_known", [True, False], ids=["known before", "known by the batch"])
def test_an_alias_and_the_new_id_in_one_batch_are_one_contact(
    send: Send, order: tuple[int, ...], is_known: bool
) -> None:
    AccountFactory(external_id="acme")
    before = {"type": "identify", "userId": "anonymous-1", "messageId": "i0", "traits": {"email": "m@x"}}
    before["timestamp"] = "2026-02-01T00:00:00Z"
    calls = [
        SIGN_UP[place] | {"messageId": f"m{place}", "timestamp": f"2026-03-01T09:0{number}:00Z"}
        for number, place in enumerate(order)
    ]
    if is_known:
        assert send("batch", {"batch": [before]}).json()["accepted"] == 1
    for told in ("accepted", "duplicates"):
        answer = send("batch", {"batch": calls if is_known else [*calls, before]}).json()
        assert (answer[told], answer["refused"]) == (4 if is_known else 5, [])
    contact = Contact.objects.get()
    assert (contact.external_id, contact.name, contact.email) == ("maria", "Maria", "m@x")
    assert set(ProfileCall.objects.values_list("contact", flat=True)) == {contact.pk}
    assert Event.objects.get().contact == contact


def test_an_alias_that_says_something_else_than_it_did_gives_no_id(send: Send) -> None:
    ContactFactory(external_id="anonymous-1")
    ContactFactory(external_id="anonymous-2")
    assert send("alias", {"previousId": "anonymous-1", "userId": "maria", "messageId": "al"}).json()["accepted"] == 1
    other = {"type": "alias", "previousId": "anonymous-2", "userId": "anna", "messageId": "al"}
    answer = send("batch", {"batch": [other, {"type": "identify", "userId": "anna", "messageId": "i"}]}).json()
    assert [refused["index"] for refused in answer["refused"]] == [0]
    assert set(Contact.objects.values_list("external_id", flat=True)) == {"maria", "anonymous-2", "anna"}


def test_traits_may_stand_in_the_context_of_an_identify_call(send: Send) -> None:
    context = {"traits": {"name": "Mary", "email": "m@x"}}
    send("identify", {"userId": "maria", "traits": {"name": "Maria"}, "context": context})
    contact = Contact.objects.get()
    assert (contact.name, contact.email) == ("Maria", "m@x")
    AccountFactory(external_id="acme")
    send("group", {"userId": "maria", "groupId": "acme", "context": {"traits": {"name": "Maria Ltd"}}})
    assert Account.objects.get().name != "Maria Ltd"


def test_an_alias_of_two_contacts_is_refused(send: Send) -> None:
    ContactFactory(external_id="a")
    ContactFactory(external_id="b")
    assert send("alias", {"previousId": "a", "userId": "b"}).json()["code"] == "two_contacts"
    assert set(Contact.objects.values_list("external_id", flat=True)) == {"a", "b"}


DEVICES = [
    {"type": "alias", "previousId": f"phone-{number}", "userId": "maria", "messageId": f"al-{number}"}
    | {"timestamp": f"2026-03-0{number}T00:00:00Z"}
    for number in (1, 2)
]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the later one first"])
def test_of_two_aliases_with_one_new_id_the_earlier_holds(send: Send, order: tuple[int, int]) -> None:
    first, second = (ContactFactory(external_id=f"phone-{number}") for number in (1, 2))
    other = {"type": "identify", "userId": "other", "messageId": "i"}
    batch = {"batch": [*(DEVICES[place] for place in order), other]}
    for counts in ({"accepted": 2, "duplicates": 0}, {"accepted": 0, "duplicates": 2}):
        answer = send("batch", batch)
        assert answer.status_code == 200
        told = answer.json()
        assert {name: told[name] for name in counts} == counts
        assert [(refused["index"], refused["code"]) for refused in told["refused"]] == [
            (order.index(1), "two_contacts")
        ]
    ids = dict(Contact.objects.values_list("pk", "external_id"))
    assert (ids[first.pk], ids[second.pk], len(ids)) == ("maria", "phone-2", 3)


def test_an_id_that_a_contact_passed_on_in_the_same_batch_is_not_free(send: Send) -> None:
    first, second = (ContactFactory(external_id=f"phone-{number}") for number in (1, 2))
    on = {"type": "alias", "previousId": "maria", "userId": "maria-silva", "timestamp": "2026-03-01T12:00:00Z"}
    answer = send("batch", {"batch": [DEVICES[1], on, DEVICES[0]]}).json()
    assert (answer["accepted"], [refused["code"] for refused in answer["refused"]]) == (2, ["two_contacts"])
    ids = dict(Contact.objects.values_list("pk", "external_id"))
    assert ids == {first.pk: "maria-silva", second.pk: "phone-2"}


@pytest.mark.django_db(transaction=True)
def test_two_devices_at_once_may_not_take_one_id(usage_source: Source) -> None:
    for number in range(1, 9):
        ContactFactory(external_id=f"phone-{number}")
    sender = Sender(usage_source.pk, usage_source.name, frozenset({Kind.USAGE}), is_heard=False)

    def alias(number: int) -> Any:
        call = {"previousId": f"phone-{number}", "userId": "maria", "messageId": f"al-{number}"}
        return take_in(sender, "alias", [call], Envelope(timezone.now(), None, None), endpoint=Call.ALIAS, size=100)

    receipts = at_once([partial(alias, number) for number in range(1, 9)])
    assert [type(receipt) for receipt in receipts] == [Receipt] * 8
    told = [(receipt.accepted, [refused.refusal.code for refused in receipt.refused]) for receipt in receipts]
    assert sorted(told) == [(0, ["two_contacts"])] * 7 + [(1, [])]
    assert Contact.objects.filter(external_id="maria").count() == 1


@pytest.mark.parametrize(
    ("channel", "call", "code"),
    [
        ("identify", {}, "nobody"),
        ("identify", {"userId": "u", "traits": "x"}, "bad_traits"),
        ("identify", {"userId": "u", "context": {"traits": "x"}}, "bad_traits"),
        ("identify", {"userId": "u", "context": "x"}, "bad_context"),
        ("identify", {"userId": "u", "traits": {"a": "\0"}}, "bad_text"),
        ("group", {"userId": "u"}, "bad_group_id"),
        ("group", {"groupId": []}, "bad_group_id"),
        ("alias", {"userId": "u"}, "no_previous_id"),
        ("group", {"groupId": "\ud800"}, "bad_text"),
    ],
)
def test_bad_profile_calls(send: Send, channel: str, call: dict[str, Any], code: str) -> None:
    answer = send(channel, call)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (Account.objects.count(), Contact.objects.count(), ProfileCall.objects.count()) == (0, 0, 0)
