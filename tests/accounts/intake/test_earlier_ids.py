"""An id that a contact had before an alias call goes on naming them, whatever the way in."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.intake.hooks.reading import read_body
from accounts.intake.hooks.verbs import take_in_records
from accounts.intake.models import RefusedItem
from accounts.intake.reading import Envelope
from accounts.intake.verbs import take_in
from accounts.intake.waiting import take_in_waiting
from accounts.privacy.models import Consent
from accounts.records.models import Contact, FeedbackScore
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from accounts.usage.models import Event
from tests.accounts.files.files import refused, take
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, tzinfo=UTC)
_numbers = count()

GROUP = {"type": "group", "groupId": "acme", "userId": "anonymous-1", "timestamp": "2026-03-01T00:00:00Z"}
IDENTIFY = {"type": "identify", "userId": "maria", "timestamp": "2026-03-03T00:00:00Z"}
ALIAS = {"type": "alias", "previousId": "anonymous-1", "userId": "maria", "timestamp": "2026-03-02T00:00:00Z"}
GRANTED = IDENTIFY | {"traits": {"consent": {"granted": True}}}
WITHDRAWN = {"contact": "anonymous-1", "granted": False, "at": "2026-03-04T00:00:00Z"}
AT = {"updated_at": "2026-03-04T00:00:00Z"}
ANSWER = AT | {"external_id": "f", "account": "acme", "contact": "anonymous-1", "score": 9, "at": AT["updated_at"]}


@pytest.fixture
def everything(db: None) -> Sender:
    kinds = [Kind.USAGE, Kind.ACCOUNT, Kind.FEEDBACK]
    source = SourceFactory(name="Everything", kinds=kinds)
    return Sender(source.pk, source.name, frozenset(kinds), is_heard=False)


def call(sender: Sender, *calls: dict[str, Any]) -> None:
    batch = [{"messageId": f"m{next(_numbers)}"} | each for each in calls]
    receipt = take_in(sender, "batch", batch, Envelope(NOW, None, None), endpoint=None, size=1000)
    assert (receipt.accepted, receipt.refused) == (len(calls), [])


def tell(sender: Sender, record_type: str, *records: dict[str, Any]) -> int:
    body = {"type": record_type, "data": list(records)}
    return int(take_in_records(sender, read_body(body, NOW), webhook_id=None, body=body, now=NOW)["accepted"])


def words_of(contact: Contact) -> list[bool]:
    return list(Consent.objects.filter(contact=contact).order_by("at").values_list("granted", flat=True))


def test_records_by_an_earlier_id_are_of_its_contact(everything: Sender) -> None:
    call(everything, GROUP, ALIAS, GRANTED)
    maria = Contact.objects.get()

    assert tell(everything, "consent", WITHDRAWN) == 1
    assert tell(everything, "feedback", ANSWER) == 1
    named = AT | {"external_id": "anonymous-1", "email": "m@acme.test"}
    assert tell(everything, "contact", named, {**named, "external_id": "maria", "name": "Maria"}) == 2
    call(everything, {"type": "track", "event": "Report Generated", "userId": "anonymous-1"})

    maria.refresh_from_db()
    assert Contact.objects.get() == maria
    assert (maria.external_id, maria.email, maria.name) == ("maria", "m@acme.test", "Maria")
    assert list(Consent.objects.order_by("at").values_list("contact", "granted")) == [
        (maria.pk, True),
        (maria.pk, False),
    ]
    assert (FeedbackScore.objects.get().contact, Event.objects.get().contact) == (maria, maria)


def test_a_word_of_consent_that_came_before_the_alias(everything: Sender) -> None:
    assert tell(everything, "consent", WITHDRAWN) == 0
    call(everything, ALIAS)
    assert take_in_waiting(now=timezone.now()) == []
    call(everything, IDENTIFY)
    assert take_in_waiting(now=timezone.now()) == [True]
    assert Consent.objects.values_list("contact__external_id", "granted").get() == ("maria", False)


def test_records_that_came_after_an_alias_of_nobody(everything: Sender) -> None:
    call(everything, ALIAS)
    assert tell(everything, "consent", WITHDRAWN) == 0
    assert RefusedItem.objects.get().waits_for == "maria"
    assert tell(everything, "contact", AT | {"external_id": "anonymous-1"}) == 1
    assert take_in_waiting(now=timezone.now()) == [True]
    assert Consent.objects.values_list("contact__external_id", "granted").get() == ("maria", False)


def test_rows_of_files_by_an_earlier_id_are_of_its_contact(everything: Sender, tmp_path: Path) -> None:
    call(everything, GROUP, ALIAS, GRANTED)
    take(
        tmp_path,
        "feedback",
        "id,account_id,contact_id,score,consent,at\n"
        ",,anonymous-1,,no,2026-03-04\n"
        "f,acme,anonymous-1,9,,2026-03-04\n"
        ",,maria,,no,2026-03-04\n",
    )
    assert [row[1] for row in refused(tmp_path, "feedback")] == ["The row is repeated: it stands in line 2 already."]
    take(tmp_path, "usage", "id,account_id,contact_id,event,usage_date\n1,acme,anonymous-1,X,2026-03-02\n")

    maria = Contact.objects.get()
    assert list(Consent.objects.order_by("at").values_list("contact", "granted")) == [
        (maria.pk, True),
        (maria.pk, False),
    ]
    assert (FeedbackScore.objects.get().contact, Event.objects.get().contact) == (maria, maria)
