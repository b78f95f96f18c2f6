"""The preference quiz: a signed link for one contact, answers that are stored once.

Whoever has the link is taken for the contact; so it ends after QUIZ_LINK_AGE,
says nothing about them, and tries are counted.
"""

from datetime import datetime, timedelta

from django.core import signing
from django.db import connection, transaction

from accounts.contacts.models import QuizAnswer
from accounts.contacts.queries import contact_of, quiz_answer
from accounts.contacts.rules import QUIZ_LINK_AGE, QUIZ_VERSION, Answers
from accounts.facts.models import FactsDirty
from accounts.privacy.queries import erasure_of
from accounts.privacy.rules import ConsentSource, Word
from accounts.privacy.verbs import lock_contacts, tell_consent, unnamed
from accounts.records.models import Contact
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.errors import DomainError
from loyalty.core.people.models import SignInAttempt, User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function

SALT = "accounts.contacts.quiz"
TRIES, TRIES_WITHIN = 60, timedelta(minutes=15)
# No username has a space in it.
_TRY = "quiz link"


class TooManyTries(DomainError):
    """Too many wrong links or answers came from one address. HTTP 429."""

    status = 429


@transaction.atomic
def make_link(contact: Contact, *, acting_user: User) -> str:
    """The token of a link for the contact, which works for QUIZ_LINK_AGE.

    Raises NotAllowed unless a member of CS acts, DomainError when the contact was
    erased or has answered this version.
    """
    check_member(acting_user, Function.CS)
    if erasure_of(contact):
        raise DomainError("This contact was erased. There is nobody left to ask.")
    if quiz_answer(contact):
        raise DomainError("They have answered this quiz already.")
    record(
        AuditVerb.QUIZ_LINK_MADE,
        acting_user=acting_user,
        object_type="contact",
        object_id=contact.pk,
        object_label=unnamed(contact),
        after={"quiz version": QUIZ_VERSION, "works for days": QUIZ_LINK_AGE.days},
    )
    return signing.dumps([contact.pk, QUIZ_VERSION], salt=SALT)


def contact_by(token: str) -> Contact | None:
    """The contact whose link it is; None when it is none, has ended, is of an earlier quiz, or they were erased."""
    try:
        contact_id, version = signing.loads(token, salt=SALT, max_age=QUIZ_LINK_AGE)
    except signing.BadSignature:
        return None
    contact = contact_of(contact_id) if version == QUIZ_VERSION else None
    return contact if contact and not erasure_of(contact) else None


@transaction.atomic
def count_try(address: str, *, now: datetime) -> None:
    """Count a wrong link or an answer from an address. Raises TooManyTries at the sixty-first in 15 minutes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{_TRY} {address}"])
    tries = SignInAttempt.objects.filter(username=_TRY, address=address)
    tries.filter(at__lte=now - TRIES_WITHIN).delete()
    if tries.count() >= TRIES:
        raise TooManyTries("Too many tries came from here. Wait 15 minutes.")
    SignInAttempt.objects.create(username=_TRY, address=address, at=now)


@transaction.atomic
def answer(contact: Contact, answers: Answers, *, now: datetime) -> QuizAnswer:
    """Store what a contact answered: the dated fact “preference quiz completed”, and their consent.

    Answered before, the first answer stands and is returned. Raises DomainError
    when the contact was erased meanwhile.
    """
    lock_contacts([contact.pk])
    if erasure_of(contact):
        raise DomainError("This link works no longer.")
    if earlier := quiz_answer(contact):
        return earlier
    kept = QuizAnswer.objects.create(
        contact=contact,
        version=QUIZ_VERSION,
        work=answers.work,
        goals=answers.goals,
        wishes=answers.wishes,
        answered_at=now,
        is_first=not contact.quiz_answers.exists(),
    )
    word = Word(contact.pk, answers.consents, answers.policy_version, ConsentSource.QUIZ, now)
    tell_consent([word], now=now, acting_user=None)
    # What follows from the answer is looked at as if the account's facts had moved.
    if contact.account_id:
        FactsDirty.objects.create(account_id=contact.account_id, day=now.date())
        ring_on_commit()
    record(
        AuditVerb.QUIZ_ANSWERED,
        acting_user=None,
        object_type="contact",
        object_id=contact.pk,
        object_label=unnamed(contact),
        after={"quiz version": QUIZ_VERSION, "consents": answers.consents},
    )
    return kept
