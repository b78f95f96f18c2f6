"""Consent as the feedback system tells it: kept beside every other word of the contact."""

from collections.abc import Sequence
from datetime import datetime

from accounts.intake.hooks.applying import Outcomes
from accounts.intake.hooks.rules import WAS_ERASED, Record, cannot_be_placed
from accounts.intake.rules import Awaited
from accounts.privacy.models import Consent
from accounts.privacy.queries import erased_among
from accounts.privacy.rules import ConsentSource, Word
from accounts.privacy.verbs import tell_consent
from accounts.records.models import Contact


def apply_consents(records: Sequence[Record], now: datetime) -> Outcomes:
    """Put words of contacts in; call inside a transaction. A contact nobody told of is refused."""
    named = {record.external_id for record in records}
    contacts = dict(Contact.objects.filter(external_id__in=named).values_list("external_id", "pk"))
    erased = erased_among(named)
    outcomes: Outcomes = {}
    words: dict[int, Word] = {}
    for record in records:
        if record.external_id in erased:
            outcomes[record.position] = WAS_ERASED
        elif record.external_id not in contacts:
            outcomes[record.position] = cannot_be_placed(
                f"There is no contact {record.external_id[:80]}. Send the contact first.",
                record.external_id,
                Awaited.CONTACT,
            )
        else:
            words[record.position] = Word(
                contact_id=contacts[record.external_id],
                granted=record.fields["granted"],
                policy_version=record.fields.get("policy_version", ""),
                source=ConsentSource.RECORD,
                at=min(record.at, now),
            )
    known = _told_before(list(words.values()))
    for position, word in words.items():
        outcomes[position] = _key(word) not in known
        known.add(_key(word))
    tell_consent([word for position, word in words.items() if outcomes[position] is True], now=now, acting_user=None)
    return outcomes


def _key(word: Word) -> tuple[int, datetime, bool, str]:
    return word.contact_id, word.at, word.granted, word.policy_version


def _told_before(words: list[Word]) -> set[tuple[int, datetime, bool, str]]:
    told = Consent.objects.filter(contact_id__in={word.contact_id for word in words})
    return set(told.values_list("contact_id", "at", "granted", "policy_version"))
