"""Making people, and letting them in.

Invariants: a try is counted before its password is looked at, under a lock of
its pair, so that a thousand guesses at once are ten looks at most; whatever
happens leaves an audit line.
"""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import Membership, SignInAttempt, User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.people.rules import (
    ATTEMPT_WINDOW,
    ATTEMPTS_ALLOWED,
    FUNCTION_LABELS,
    Function,
    split_name,
)


class SignInRefused(DomainError):
    """The name or the password is wrong; which of them is not told."""

    status = 200


class LockedOut(SignInRefused):
    """Too many tries for this name from this address. HTTP 429."""

    status = 429


@transaction.atomic
def create_person(
    username: str,
    name: str,
    password: str,
    functions: Iterable[Function],
    is_administrator: bool = False,
    *,
    acting_user: User | None,
) -> User:
    """Make a person who can sign in; `acting_user` None is the set-up of an empty application.

    Raises NotAllowed unless an administrator acts, DomainError when the username
    is taken or the password too weak.
    """
    if acting_user is not None:
        check_administrator(acting_user)
    if User.objects.filter(username=username).exists():
        raise DomainError(f"There is a person with the username {username} already.")
    first, last = split_name(name)
    person = User(username=username, first_name=first, last_name=last, is_administrator=is_administrator)
    check_password_strength(password, person)
    person.set_password(password)
    person.save(force_insert=True)
    seats = sorted(set(functions))
    Membership.objects.bulk_create(Membership(user=person, function=f.value) for f in seats)
    record(
        AuditVerb.PERSON_CREATED,
        acting_user=acting_user,
        object_type="person",
        object_id=person.pk,
        object_label=person.display_name,
        after={
            "username": username,
            "functions": [FUNCTION_LABELS[f] for f in seats],
            "administrator": is_administrator,
        },
    )
    return person


def check_password_strength(password: str, person: User) -> None:
    """Raise DomainError, in words, when the password is too weak for this person."""
    try:
        validate_password(password, person)
    except ValidationError as weak:
        raise DomainError(" ".join(weak.messages)) from weak


@transaction.atomic
def change_password(old: str, new: str, *, acting_user: User) -> User:
    """Change one's own password; every other browser is signed out by that. Raises DomainError."""
    person = User.objects.select_for_update(no_key=True).get(pk=acting_user.pk)
    if not person.check_password(old):
        raise DomainError("The password of now is not right.")
    check_password_strength(new, person)
    person.set_password(new)
    person.save(update_fields=["password"])
    record(
        AuditVerb.PASSWORD_SET,
        acting_user=person,
        object_type="person",
        object_id=person.pk,
        object_label=person.display_name,
    )
    return person


def admit(username: str, password: str, address: str, *, now: datetime) -> User:
    """The person whose name and password these are; `address` is where the try came from.

    They are not signed in by that: a code may be asked for yet. Raises SignInRefused, or
    LockedOut at the eleventh try of 15 minutes. A lock holds for this address only.
    """
    tries = claim_try(_name(username), address, now)
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        tell_failure(username, address, tries)
        raise SignInRefused("The username or the password is not right. Please try again.")
    return user


@transaction.atomic
def note_sign_in(person: User, address: str, through: str) -> None:
    """Leave the line that says that a person signed in; a right password makes up for the wrong ones from there.

    `through` names who vouched for them, "" for a password.
    """
    if not through:
        SignInAttempt.objects.filter(username=_name(person.username), address=address).delete()
    record(
        AuditVerb.SIGNED_IN,
        acting_user=person,
        object_type="person",
        object_id=person.pk,
        object_label=person.display_name,
        after={"address": address} | ({"through": through} if through else {}),
    )


def tell_sign_out(*, acting_user: User) -> None:
    """Leave the line that says that a person signed out."""
    record(
        AuditVerb.SIGNED_OUT,
        acting_user=acting_user,
        object_type="person",
        object_id=acting_user.pk,
        object_label=acting_user.display_name,
    )


@transaction.atomic
def claim_try(username: str, address: str, now: datetime) -> int:
    """Count a try of this name from this address before it is looked at; returns its number. Raises LockedOut."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign-in {username} {address}"])
    SignInAttempt.objects.filter(at__lte=now - ATTEMPT_WINDOW).delete()
    tries = SignInAttempt.objects.filter(username=username, address=address).count()
    if tries >= ATTEMPTS_ALLOWED:
        raise LockedOut(
            "Too many tries for this name from here. Wait 15 minutes, or ask an administrator for a new password."
        )
    SignInAttempt.objects.create(username=username, address=address, at=now)
    return tries + 1


def tell_failure(username: str, address: str, tries: int, verb: AuditVerb = AuditVerb.SIGN_IN_FAILED) -> None:
    """Leave the line that says that a try failed."""
    locks = tries >= ATTEMPTS_ALLOWED
    record(
        verb,
        acting_user=None,
        object_type="person",
        object_label=username,
        after={"address": address, "try": tries},
        reason="No further try from this address for 15 minutes." if locks else "",
    )


def _name(username: str) -> str:
    """Under what the tries of a username are counted: letter case makes no new one."""
    return username.casefold()[:150]
