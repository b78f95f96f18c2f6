"""Writing consent down, whoever tells it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction

from accounts.privacy.following import withdrawn
from accounts.privacy.models import Consent
from accounts.privacy.queries import consenting_ids, erasure_of
from accounts.privacy.rules import ConsentSource, Word
from accounts.records.models import Contact
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function


@transaction.atomic
def tell_consent(words: Sequence[Word], *, now: datetime, acting_user: User | None) -> None:
    """Keep what contacts said, each word once; `acting_user` None when a system or the contact told it.

    A word dated after `now` counts as of now, so that a wrong clock cannot
    outlast a withdrawal. Offers that have not reached those who do not consent now are
    no longer addressed to them.
    """
    if not words:
        return
    lock_contacts(word.contact_id for word in words)
    Consent.objects.bulk_create(
        (
            Consent(
                contact_id=word.contact_id,
                granted=word.granted,
                policy_version=word.policy_version,
                source=word.source.value,
                at=min(word.at, now),
                told_by=acting_user,
            )
            for word in words
        ),
        ignore_conflicts=True,
    )
    named = {word.contact_id for word in words}
    if ended := sorted(named - consenting_ids(named)):
        withdrawn(ended)


@transaction.atomic
def record_consent(contact: Contact, *, granted: bool, policy_version: str, now: datetime, acting_user: User) -> None:
    """Write down what a contact told Customer Success.

    Raises NotAllowed unless a member of CS acts, DomainError when the contact was erased.
    """
    check_member(acting_user, Function.CS)
    lock_contacts([contact.pk])
    if erasure_of(contact):
        raise DomainError("This contact was erased. There is nobody left who could consent.")
    word = Word(contact.pk, granted, policy_version, ConsentSource.CS, now)
    tell_consent([word], now=now, acting_user=acting_user)
    record(
        AuditVerb.CONSENT_RECORDED,
        acting_user=acting_user,
        object_type="contact",
        object_id=contact.pk,
        object_label=unnamed(contact),
        after={"consents": granted, "policy version": policy_version},
    )


def unnamed(contact: Contact) -> str:
    """How the audit speaks of a contact: it can never forget, so it must never know a name."""
    return f"a contact of {contact.account.name}" if contact.account else "a contact without an account"


def hold_off_erasures() -> None:
    """Let nobody be erased until the transaction ends; to be asked for before contacts are locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hold_off_erasures()")


def lock_contacts(contact_ids: Iterable[int]) -> None:
    """Lock contacts in the order of their ids, as the intake does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM accounts_contact WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [sorted(set(contact_ids))]
        )
