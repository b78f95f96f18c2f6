"""Erasing somebody while the intake has a call of theirs at hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from accounts.contacts import erasure
from accounts.contacts.erasure import erase
from accounts.contacts.rules import ERASED
from accounts.intake.hooks.reading import read_body
from accounts.intake.hooks.verbs import take_in_records
from accounts.intake.models import RefusedItem
from accounts.intake.reading import Envelope
from accounts.intake.receipts import Receipt, keep, refused_call
from accounts.intake.rules import NO_BATCH
from accounts.intake.verbs import take_in
from accounts.privacy.models import Erasure
from accounts.privacy.queries import erased_among
from accounts.privacy.verbs import lock_contacts
from accounts.records.models import Contact
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from loyalty.core.people.models import User
from tests.accounts.files.files import write
from tests.concurrency import at_once, until_somebody_waits
from tests.factories import AccountFactory, ContactFactory, SourceFactory

pytestmark = pytest.mark.django_db(transaction=True)
_LOCK_CALLS = "LOCK TABLE accounts_profilecall IN ROW EXCLUSIVE MODE"
NOW = datetime(2026, 3, 11, tzinfo=UTC)
ADA = {"external_id": "ada-lovelace", "name": "Ada Lovelace", "email": "ada@x.test"}


@pytest.fixture
def sender() -> Sender:
    kinds = [Kind.USAGE, Kind.ACCOUNT, Kind.FEEDBACK]
    source = SourceFactory(name="Everything", kinds=kinds)
    return Sender(source.pk, source.name, frozenset(kinds))


@pytest.fixture
def ada() -> Contact:
    return ContactFactory(account=AccountFactory(external_id="A-1"), **ADA)


def test_a_deadlock_with_the_intake_is_tried_again(cs: User) -> None:
    contact = ContactFactory()
    has_contact = Event()

    @transaction.atomic
    def take_in() -> None:
        """What a profile call locks, in its order; never the one that ends the deadlock."""
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '1h'")
            lock_contacts([contact.pk])
            has_contact.set()
            until_somebody_waits()
            cursor.execute(_LOCK_CALLS)

    def erase_then() -> Erasure:
        has_contact.wait(timeout=30)
        return erase(contact, acting_user=cs)

    assert at_once([take_in, erase_then]) == [None, Erasure.objects.get()]


def _record(sender: Sender, folder: Path) -> str:
    body = {"type": "contact", "data": ADA | {"updated_at": "2026-03-10T09:00:00Z", "account": "A-1"}}
    answer = take_in_records(sender, read_body(body, NOW), webhook_id="w-1", body=body, now=NOW)
    return str(answer["refused"][0]["code"])


def _identify(sender: Sender, folder: Path) -> str:
    call = {"type": "identify", "messageId": "i", "userId": ADA["external_id"], "traits": {"email": ADA["email"]}}
    receipt = take_in(sender, "batch", [call], Envelope(NOW, None, None), endpoint=None, size=100)
    return receipt.refused[0].refusal.code


def _file(sender: Sender, folder: Path) -> str:
    row = f"r-1,{ADA['external_id']},A-1,9,2026-03-10\n"
    path = write(folder, "feedback.csv", f"response_id,contact_id,account_id,nps,answered_at\n{row}")
    call_command("import_csv", "feedback", str(path), "--no-refresh")
    return RefusedItem.objects.get().code


@pytest.mark.parametrize(("way", "code"), [(_record, "erased"), (_identify, "erased_contact"), (_file, "row")])
def test_whoever_is_sent_again_meanwhile_stays_away(
    way: Callable[[Sender, Path], str],
    code: str,
    ada: Contact,
    sender: Sender,
    cs: User,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_under_way, strike_rest = Event(), erasure._strike_rest

    def slow(*names: Any) -> None:
        strike_rest(*names)
        is_under_way.set()
        until_somebody_waits()

    monkeypatch.setattr(erasure, "_strike_rest", slow)

    def send() -> str:
        is_under_way.wait(timeout=30)
        return way(sender, tmp_path)

    assert at_once([lambda: erase(ada, acting_user=cs), send]) == [Erasure.objects.get(), code]
    assert list(Contact.objects.values_list("name", "email")) == [("", "")]


def test_what_is_refused_meanwhile_is_struck_out(ada: Contact, sender: Sender, cs: User) -> None:
    was_asked = Event()

    @transaction.atomic
    def refuse() -> set[str]:
        """What any way in does with a call that it cannot place."""
        found = erased_among([ADA["external_id"]])
        was_asked.set()
        until_somebody_waits()
        call = refused_call(0, {"userId": ADA["external_id"]}, NO_BATCH, "batch", Envelope(NOW, None, None))
        keep(sender, "batch", Receipt(0, 0, [call]))
        return found

    def erase_then() -> Erasure:
        was_asked.wait(timeout=30)
        return erase(ada, acting_user=cs)

    assert at_once([refuse, erase_then]) == [set(), Erasure.objects.get()]
    assert RefusedItem.objects.get().raw == ERASED
