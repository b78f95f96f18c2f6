"""Consent: the latest word stands by its own time, and offers follow it."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from django.db import InternalError, ProgrammingError, transaction
from django.utils import timezone

from accounts.intake.traits import consent_word
from accounts.privacy.models import Consent
from accounts.privacy.queries import consents, history
from accounts.privacy.rules import ConsentSource, Word, policy_version_in
from accounts.privacy.verbs import record_consent, tell_consent
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import User
from tests.factories import ContactFactory, OfferFactory

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def word(contact_id: int, granted: bool, at: datetime, source: ConsentSource = ConsentSource.IDENTIFY) -> Word:
    return Word(contact_id, granted, "2026-01", source, at)


@pytest.mark.parametrize(
    ("told", "granted", "version", "at"),
    [
        ({"granted": True, "policyVersion": "2026-01", "at": "2026-03-01T00:00:00Z"}, True, "2026-01", NOW - 1.5 * DAY),
        ({"granted": False}, False, "", NOW),
        ({"granted": True, "at": "yesterday"}, True, "", NOW),
        ({"granted": True, "policyVersion": "jane@acme.example"}, True, "", NOW),
    ],
)
def test_what_an_identify_call_says(told: dict[str, object], granted: bool, version: str, at: datetime) -> None:
    assert consent_word({"consent": told}, 7, NOW) == Word(7, granted, version, ConsentSource.IDENTIFY, at)


@pytest.mark.parametrize("told", [None, True, {}, {"granted": "yes"}, {"granted": 1}])
def test_what_cannot_be_understood_is_no_consent(told: object) -> None:
    assert consent_word({"consent": told}, 7, NOW) is None


@pytest.mark.parametrize(("text", "kept"), [(" v1.2 ", "v1.2"), ("x" * 41, ""), ("a@b", ""), (3, ""), (None, "")])
def test_a_policy_version_is_a_short_name(text: object, kept: str) -> None:
    assert policy_version_in(text) == kept


@pytest.mark.django_db
def test_nobody_consents_until_they_say_so() -> None:
    assert not consents(ContactFactory())


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_latest_word_stands_in_whatever_order_they_come(order: tuple[int, ...]) -> None:
    contact = ContactFactory()
    words = [word(contact.pk, granted, NOW - n * DAY) for n, granted in enumerate([True, False, True])]
    for n in order:
        tell_consent([words[n]], now=NOW, acting_user=None)
    assert consents(contact)
    assert [c.granted for c in history(contact)] == [True, False, True]


@pytest.mark.django_db
def test_of_two_words_at_one_time_the_withdrawal_stands() -> None:
    contact = ContactFactory()
    tell_consent([word(contact.pk, True, NOW), word(contact.pk, False, NOW)], now=NOW, acting_user=None)
    assert not consents(contact)


@pytest.mark.django_db
def test_a_word_counts_once_and_one_from_a_wrong_clock_counts_as_of_now() -> None:
    contact = ContactFactory()
    for _ in range(2):
        tell_consent([word(contact.pk, True, NOW + 300 * DAY)], now=NOW, acting_user=None)
    assert Consent.objects.get().at == NOW


@pytest.mark.django_db
def test_what_has_not_reached_anybody_is_no_longer_addressed_to_whom_withdraws(cs: User) -> None:
    contact, other = ContactFactory(consents=True), ContactFactory(consents=True)
    told = [(contact, other), (other, contact)]
    offers = [
        OfferFactory(account=contact.account, contact=to, informed=informed, state=state)
        for state in ("in_approval", "approved", "delivered")
        for to, informed in told
    ]
    record_consent(contact, granted=False, policy_version="2026-01", now=timezone.now(), acting_user=cs)
    for offer in offers:
        offer.refresh_from_db()
    assert [(offer.contact, offer.informed) for offer in offers] == [(None, other), (other, None)] * 2 + told


@pytest.mark.django_db
def test_customer_success_writes_consent_down_and_the_audit_knows_no_name(cs: User) -> None:
    contact = ContactFactory(name="Jane Roe")
    record_consent(contact, granted=True, policy_version="2026-01", now=NOW, acting_user=cs)
    line = AuditLine.objects.get(verb="consent_recorded")
    assert consents(contact)
    assert (line.object_id, line.object_label) == (str(contact.pk), f"a contact of {contact.account.name}")
    assert line.after == {"consents": True, "policy version": "2026-01"}


@pytest.mark.django_db
def test_nobody_else_may_and_nothing_changes(finance: User) -> None:
    contact = ContactFactory()
    with pytest.raises(NotAllowed):
        record_consent(contact, granted=True, policy_version="1", now=NOW, acting_user=finance)
    assert (Consent.objects.count(), AuditLine.objects.count()) == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("rewrite", ["update", "delete"])
def test_the_database_refuses_to_rewrite_consent(rewrite: str) -> None:
    ContactFactory(consents=True)
    with pytest.raises((InternalError, ProgrammingError), match="append-only"), transaction.atomic():
        Consent.objects.update(granted=False) if rewrite == "update" else Consent.objects.all().delete()
    assert Consent.objects.get().granted is True
