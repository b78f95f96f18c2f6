"""Records by signed webhook: what goes in, what is refused, and what is never overwritten."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.facts.models import FactsDirty
from accounts.intake.hooks.models import HookCall
from accounts.intake.hooks.verbs import forget_calls
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.privacy.models import Consent
from accounts.records.models import Account, Contact, FeedbackScore, Ticket
from accounts.sources.models import Source
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import keep_secret, make_secret
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from tests.accounts.intake.hooks.conftest import SECRET, signed
from tests.factories import AccountFactory, ContactFactory, SourceFactory

Tell = Callable[..., Any]
pytestmark = pytest.mark.django_db

ACME = {"external_id": "acme", "updated_at": "2026-03-10T09:00:00Z"}
TICKET = {
    "external_id": "t-1",
    "updated_at": "2026-03-10T09:00:00Z",
    "account": "acme",
    "opened_at": "2026-03-09T08:00:00Z",
    "priority": "high",
}


def outcome(response: Any) -> tuple[int, int, int, list[str]]:
    """Status, accepted, duplicates, and the codes of the refused."""
    told = response.json()
    return response.status_code, told["accepted"], told["duplicates"], [r["code"] for r in told["refused"]]


def test_an_account_comes_in_with_all_its_fields(tell: Tell, desk: Source) -> None:
    told = ACME | {
        "name": "Acme",
        "industry": "Software",
        "country": "FR",
        "employee_count": 250,
        "goals": "Fewer tickets",
        "plan_segment": "mid_market",
        "time_zone": "Europe/Paris",
        "referred_by": "globex",
        "signed_up_on": "2025-11-01",
    }
    assert outcome(tell("account", told)) == (200, 1, 0, [])
    acme = Account.objects.get()
    assert (acme.external_id, acme.name, acme.country, acme.employee_count) == ("acme", "Acme", "FR", 250)
    assert (acme.plan_segment, acme.time_zone, acme.signed_up_on) == ("mid_market", "Europe/Paris", date(2025, 11, 1))
    assert acme.referred_by == "globex"
    assert FactsDirty.objects.get().day == date(2025, 11, 1)
    desk.refresh_from_db()
    assert desk.last_received_at is not None
    assert timedelta(0) <= IntakeBatch.objects.get().received_at - desk.last_received_at < timedelta(minutes=1)


def test_a_contact_that_goes_to_another_account_leaves_the_role_behind(tell: Tell, desk: Source) -> None:
    acme, globex = AccountFactory(external_id="acme"), AccountFactory(external_id="globex")
    buyer = ContactFactory(external_id="c-1", account=acme, role="economic_buyer")
    told = {"external_id": "c-1", "updated_at": "2026-03-10T09:00:00Z", "account": "acme", "first_name": "Anna"}
    assert outcome(tell("contact", told)) == (200, 1, 0, [])
    buyer.refresh_from_db()
    assert (buyer.name, buyer.role) == ("Anna", "economic_buyer")
    moved = told | {"updated_at": "2026-03-11T09:00:00Z", "account": "globex"}
    assert outcome(tell("contact", moved)) == (200, 1, 0, [])
    buyer.refresh_from_db()
    assert (buyer.account, buyer.role) == (globex, "user")
    line = AuditLine.objects.get(verb="contact_role_set", object_id=buyer.pk)
    assert (line.before, line.after) == ({"role": "economic buyer"}, {"role": "user"})


def test_an_account_without_a_name_is_called_by_its_id_until_it_has_one(tell: Tell) -> None:
    tell("account", ACME)
    assert Account.objects.get().name == "acme"
    tell("account", ACME | {"name": "Acme", "updated_at": "2026-03-01T00:00:00Z"})
    assert Account.objects.get().name == "Acme"


def test_a_field_that_is_left_out_stays_and_null_makes_it_unknown(tell: Tell) -> None:
    tell("account", ACME | {"name": "Acme", "employee_count": 250, "industry": "Software"})
    tell("account", ACME | {"updated_at": "2026-03-11T00:00:00Z", "employee_count": None})
    acme = Account.objects.get()
    assert (acme.name, acme.employee_count, acme.industry) == ("Acme", None, "Software")


def test_an_older_record_changes_only_what_no_newer_one_told(tell: Tell) -> None:
    tell("account", ACME | {"updated_at": "2026-03-10T00:00:00Z", "name": "New name"})
    late = ACME | {"updated_at": "2026-03-01T00:00:00Z", "name": "Old name", "industry": "Software"}
    assert outcome(tell("account", late)) == (200, 1, 0, [])
    assert list(Account.objects.values_list("name", "industry")) == [("New name", "Software")]
    assert outcome(tell("account", late)) == (200, 0, 1, [])


def test_good_records_go_in_beside_bad_ones(tell: Tell) -> None:
    AccountFactory(external_id="acme")
    bad: list[Any] = [
        TICKET | {"external_id": "t-2", "priority": 7},
        TICKET | {"external_id": "t-3", "account": "nobody"},
        TICKET | {"external_id": "t-4", "closed_at": "2026-03-01T00:00:00Z"},
        TICKET | {"external_id": "t-5", "satisfaction": 6},
        TICKET | {"external_id": "t-6", "colour": "red"},
        TICKET | {"external_id": "t-7", "updated_at": "2026-03-10T09:00:00"},
        {"external_id": "t-8", "updated_at": "2026-03-10T09:00:00Z", "priority": "low"},
        TICKET | {"external_id": "t-9\0"},
        "not an object",
        TICKET | {"external_id": "t-10", "updated_at": "2190-01-01T00:00:00Z"},
    ]
    response = tell("ticket", [TICKET, *bad])
    codes = ["not_valid", "not_placed", "not_valid", "not_valid", "not_valid", "not_valid", "incomplete", "bad_text"]
    assert outcome(response) == (200, 1, 0, [*codes, "not_valid", "too_far_ahead"])
    reasons = {r["externalId"]: r["reason"] for r in response.json()["refused"] if r["externalId"]}
    assert reasons["t-3"] == "There is no account nobody. Import the accounts first."
    assert reasons["t-4"] == "The ticket was closed before it was opened."
    assert reasons["t-8"] == "The record is new here and must also name account and opened_at."
    assert Ticket.objects.get().external_id == "t-1"
    kept = RefusedItem.objects.get(message_id="t-3")
    assert json.loads(kept.raw) == {"type": "ticket", "data": bad[1]}
    batch = IntakeBatch.objects.get()
    assert (batch.accepted, batch.duplicates, batch.refused, batch.channel) == (1, 0, 10, "webhook")


def test_a_ticket_is_closed_opened_again_and_rated(tell: Tell) -> None:
    AccountFactory(external_id="acme")
    tell("ticket", TICKET)
    FactsDirty.objects.all().delete()
    short = {"external_id": "t-1"}
    tell("ticket", short | {"updated_at": "2026-03-12T00:00:00Z", "closed_at": None})
    tell("ticket", short | {"updated_at": "2026-03-11T00:00:00Z", "closed_at": "2026-03-11T00:00:00Z"})
    tell("ticket", short | {"updated_at": "2026-03-13T00:00:00Z", "satisfaction": 4.5})
    ticket = Ticket.objects.get()
    assert (ticket.priority, ticket.closed_at, ticket.satisfaction) == ("high", None, Decimal("4.5"))
    assert set(FactsDirty.objects.values_list("day", flat=True)) == {date(2026, 3, 9)}


def test_feedback_makes_its_contact_and_is_marked_from_its_day(tell: Tell) -> None:
    AccountFactory(external_id="acme")
    answer = {
        "external_id": "f-1",
        "updated_at": "2026-03-10T09:00:00Z",
        "account": "acme",
        "contact": "dana",
        "score": 9,
        "at": "2026-03-02T10:00:00Z",
    }
    assert outcome(tell("feedback", [answer, answer | {"external_id": "f-2", "kind": "csat", "score": 9}])) == (
        *(200, 1, 0),
        ["not_valid"],
    )
    score = FeedbackScore.objects.get()
    assert score.contact == Contact.objects.get(external_id="dana")
    assert (score.kind, score.score) == ("nps", 9)
    assert FactsDirty.objects.get().day == date(2026, 3, 2)


def test_a_contact_has_its_name_in_parts_and_is_placed(tell: Tell) -> None:
    account = AccountFactory(external_id="acme")
    dana = {"external_id": "dana", "updated_at": "2026-03-10T09:00:00Z"}
    tell("contact", dana | {"first_name": "Dana", "email": "dana@acme.test", "account": "acme"})
    tell("contact", dana | {"last_name": "Reyes"})
    contact = Contact.objects.get()
    assert (contact.name, contact.email, contact.account) == ("Dana Reyes", "dana@acme.test", account)
    assert contact.placed_at == datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert outcome(tell("contact", dana | {"account": "nobody", "updated_at": "2026-03-11T00:00:00Z"}))[3] == [
        "not_placed"
    ]
    tell("contact", dana | {"account": None, "updated_at": "2026-03-12T00:00:00Z"})
    assert Contact.objects.get().account is None


def test_a_contact_may_tell_nothing_but_that_it_is_there(tell: Tell) -> None:
    dana = {"external_id": "dana", "updated_at": "2026-03-10T09:00:00Z"}
    assert outcome(tell("contact", [dana])) == (200, 1, 0, [])
    assert Contact.objects.get().external_id == "dana"


def test_consent_is_told_once_and_only_of_known_contacts(tell: Tell) -> None:
    contact = Contact.objects.create(external_id="dana")
    word = {"contact": "dana", "granted": True, "policy_version": "2026-01", "at": "2026-03-01T00:00:00Z"}
    assert outcome(tell("consent", [word, word, word | {"contact": "nobody"}])) == (200, 1, 1, ["not_placed"])
    assert outcome(tell("consent", word)) == (200, 0, 1, [])
    told = Consent.objects.get()
    assert (told.contact, told.granted, told.policy_version, told.source) == (contact, True, "2026-01", "record")


def test_only_the_system_of_record_is_taken_in(tell: Tell, client: Client) -> None:
    other = SourceFactory(name="Other desk", kinds=[])
    keep_secret(other, Scheme.STANDARD, SECRET, acting_user=None)
    AccountFactory(external_id="acme")
    response = tell("ticket", TICKET, source=other)
    assert outcome(response) == (200, 0, 0, ["not_system_of_record"])
    assert "Desk is." in response.json()["refused"][0]["reason"]
    assert Ticket.objects.count() == 0
    kept = RefusedItem.objects.get()
    assert (kept.source, kept.message_id) == (other, "t-1")


def test_an_object_told_twice_in_one_call_has_its_newest_fields(tell: Tell) -> None:
    AccountFactory(external_id="acme")
    first = TICKET | {"updated_at": "2026-03-12T00:00:00Z", "priority": "urgent"}
    assert outcome(tell("ticket", [first, TICKET | {"satisfaction": 3}])) == (200, 2, 0, [])
    assert list(Ticket.objects.values_list("priority", "satisfaction")) == [("urgent", Decimal(3))]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "malformed_json"),
        (b"[]", "not_a_record"),
        (b'{"type": "ticket"}', "not_a_record"),
        (b'{"type": "ticket", "data": 1}', "not_a_record"),
        (b'{"type": "invoice", "data": []}', "unknown_type"),
        (b'{"type": ["ticket"], "data": []}', "unknown_type"),
        (b'{"type": "ticket", "data": [' + b",".join([b"1"] * 2501) + b"]}", "too_many_records"),
        (b"{" + b" " * 520_000 + b"}", "batch_too_large"),
    ],
)
def test_a_body_that_holds_no_records_is_refused(client: Client, desk: Source, body: bytes, code: str) -> None:
    response = client.post(f"/webhooks/{desk.pk}", body, content_type="application/json", headers=signed(body, "msg-1"))
    assert (response.status_code, response.json()["code"]) in {(400, code), (413, code)}
    assert RefusedItem.objects.get().code == code
    assert HookCall.objects.count() == 0


class TestSignatures:
    """Row 29: bad signature, 301 s old or ahead, replay, old secret in rotation."""

    BODY = json.dumps({"type": "account", "data": ACME}).encode()

    def post(self, client: Client, source: Source, headers: dict[str, str]) -> Any:
        return client.post(f"/webhooks/{source.pk}", self.BODY, content_type="application/json", headers=headers)

    def test_a_bad_signature_is_refused(self, client: Client, desk: Source) -> None:
        good = signed(self.BODY, "msg-1")
        other_secret = signed(self.BODY, "msg-1", secret="whsec_AAAA")
        unreadable = ["", "v1", "v1,%%%", "v1,a,b", "v2," + good["webhook-signature"][3:], "v1,é"]
        for headers in (other_secret, {}, *(good | {"webhook-signature": text} for text in unreadable)):
            response = self.post(client, desk, headers)
            assert (response.status_code, response.json()["code"]) == (401, "bad_signature")
        for other in ({"webhook-id": "msg-2"}, {"webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)}):
            assert self.post(client, desk, good | other).status_code == 401
        assert Account.objects.count() == 0
        assert set(RefusedItem.objects.values_list("source", "code")) == {(None, "bad_signature")}

    @pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-299, 200), (299, 200), (301, 401)])
    def test_five_minutes_are_let_pass_both_ways(self, client: Client, desk: Source, seconds: int, status: int) -> None:
        with time_machine.travel("2026-03-10T09:00:00Z", tick=False):
            headers = signed(self.BODY, "msg-1", at=datetime.now(UTC) + timedelta(seconds=seconds))
            response = self.post(client, desk, headers)
        assert response.status_code == status
        assert response.json().get("code") == (None if status == 200 else "wrong_time")
        assert Account.objects.count() == (status == 200)

    def test_a_replay_has_no_effect_and_the_same_answer(self, client: Client, desk: Source) -> None:
        headers = signed(self.BODY, "msg-1")
        first, second = self.post(client, desk, headers), self.post(client, desk, headers)
        assert first.json() == second.json() == {"success": True, "accepted": 1, "duplicates": 0, "refused": []}
        assert list(IntakeBatch.objects.order_by("pk").values_list("accepted", "duplicates")) == [(1, 0), (0, 1)]
        assert FactsDirty.objects.count() == 1

    def test_the_old_secret_works_while_it_is_rotated_out(
        self, client: Client, desk: Source, administrator: User
    ) -> None:
        with time_machine.travel("2026-03-10T09:00:00Z", tick=False) as clock:
            fresh = make_secret(desk, acting_user=administrator)
            assert self.post(client, desk, signed(self.BODY, "msg-1", secret=fresh)).status_code == 200
            clock.shift(timedelta(hours=23))
            assert self.post(client, desk, signed(self.BODY, "msg-2")).status_code == 200
            clock.shift(timedelta(hours=1))
            assert self.post(client, desk, signed(self.BODY, "msg-3")).status_code == 401
            assert self.post(client, desk, signed(self.BODY, "msg-4", secret=fresh)).status_code == 200

    def test_a_source_without_a_secret_and_none_at_all(self, client: Client, db: None) -> None:
        source = SourceFactory(name="New", kinds=[Kind.USAGE])
        headers = signed(self.BODY, "msg-1")
        assert self.post(client, source, headers).json()["code"] == "no_secret"
        response = client.post("/webhooks/99999999999999999999", b"{}", content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (404, "no_source")


def test_the_same_id_with_another_body_is_refused_and_the_difference_named(tell: Tell) -> None:
    tell("account", ACME | {"name": "Acme"}, webhook_id="msg-1")
    response = tell("account", ACME | {"name": "Acme Inc", "industry": "Software"}, webhook_id="msg-1")
    assert (response.status_code, response.json()["code"]) == (409, "other_body")
    assert "it differs at data.name, data.industry." in response.json()["message"]
    assert "Acme Inc" not in response.json()["message"]
    assert list(Account.objects.values_list("name", "industry")) == [("Acme", "")]


def test_webhook_ids_are_forgotten_after_thirty_days(tell: Tell) -> None:
    tell("account", ACME)
    call = HookCall.objects.get()
    assert forget_calls(call.received_at + timedelta(days=30)) == 0
    assert forget_calls(call.received_at + timedelta(days=30, seconds=1)) == 1


@pytest.mark.parametrize("beside", [0, 1_200], ids=["compared by value", "compared by record"])
def test_at_the_edge_of_what_can_be_read_no_webhook_breaks(client: Client, desk: Source, beside: int) -> None:
    answers: Counter[tuple[int, str]] = Counter()
    for levels in range(880, 1_000, 3):
        body = f'{{"type": "ticket", "data": [{"1," * beside}{"[" * levels}{"]" * levels}]}}'.encode()
        headers = signed(body, f"msg-{levels}")
        answer = client.post(f"/webhooks/{desk.pk}", body, content_type="application/json", headers=headers)
        answers[answer.status_code, answer.json().get("code", "")] += 1
    assert set(answers) == {(200, ""), (400, "too_deep")}
