"""A second factor: a code of an authenticator app, asked for after the password, for those who set one up.

After the company's identity provider it is asked for too: whether that one asked for a
second factor of its own is not said by all of them, and who set one up here was promised it.

Invariants: a secret counts once a code of it was typed in; a code is used once;
whoever knows the password has ten tries at codes in 15 minutes, from wherever.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import SecondFactor, SignInAttempt, User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.people.rules_of_codes import matching_step, new_secret
from loyalty.core.people.verbs import SignInRefused, claim_try, tell_failure, tell_sign_in
from loyalty.core.sealing import seal, unseal

# Changing this text makes every stored secret unreadable.
PURPOSE = "loyalty: second factors of people"
WRONG = "This code is not right, or was used already. Wait for the next one."


def has_second_factor(person: User) -> bool:
    """Whether the password alone does not let this person in."""
    return SecondFactor.objects.filter(person=person, confirmed_at__isnull=False).exists()


@transaction.atomic
def begin(*, person: User) -> str:
    """The secret that a person may confirm, made when there is none; raises DomainError when one counts already."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    factor = SecondFactor.objects.filter(person=person).first()
    if factor is not None and factor.confirmed_at is not None:
        raise DomainError("A second factor is set up already.")
    secret = (unseal(factor.sealed, PURPOSE) if factor else None) or new_secret()
    SecondFactor.objects.update_or_create(person=person, defaults={"sealed": seal(secret, PURPOSE)})
    return secret


@transaction.atomic
def confirm(code: str, *, acting_user: User) -> None:
    """Let the second factor count from now on, by a code of it; raises DomainError."""
    factor = SecondFactor.objects.select_for_update().filter(person=acting_user, confirmed_at=None).first()
    if factor is None:
        raise DomainError("There is nothing to confirm. Begin anew.")
    _use(factor, code, timezone.now())
    factor.confirmed_at = timezone.now()
    factor.save(update_fields=["confirmed_at"])
    _tell(AuditVerb.SECOND_FACTOR_SET, acting_user, acting_user)


@transaction.atomic
def drop(code: str, *, acting_user: User) -> None:
    """Let the password suffice again, by a code; raises DomainError."""
    factor = SecondFactor.objects.select_for_update().filter(person=acting_user, confirmed_at__isnull=False).first()
    if factor is None:
        raise DomainError("No second factor is set up.")
    _use(factor, code, timezone.now())
    factor.delete()
    _tell(AuditVerb.SECOND_FACTOR_DROPPED, acting_user, acting_user)


@transaction.atomic
def reset(person_id: int, *, acting_user: User) -> None:
    """Take away the second factor of somebody who lost it. Raises NotAllowed unless an administrator acts."""
    check_administrator(acting_user)
    person = User.objects.select_for_update(no_key=True).get(pk=person_id)
    if not SecondFactor.objects.filter(person=person).delete()[0]:
        raise DomainError(f"{person.display_name} has no second factor.")
    _tell(AuditVerb.SECOND_FACTOR_DROPPED, person, acting_user)


def admit_by_code(person_id: int, code: str, address: str, *, now: datetime, through: str = "") -> User:
    """The person, whose password was right a moment ago, by a code. Raises SignInRefused and LockedOut.

    `through` names the identity provider that vouched for them instead of a password.
    """
    name = f"second factor of {person_id}"
    tries = claim_try(name, "", now)
    person = User.objects.filter(pk=person_id, is_active=True).first()
    if person is None:
        raise SignInRefused("Sign in anew.")
    try:
        with transaction.atomic():
            factor = SecondFactor.objects.select_for_update().get(person=person, confirmed_at__isnull=False)
            _use(factor, code, now)
            done = SignInAttempt.objects.filter(username__in=[name, person.username.casefold()])
            done.filter(address__in=["", address]).delete()
            tell_sign_in(person, address, through)
    except (DomainError, SecondFactor.DoesNotExist) as wrong:
        tell_failure(person.username, address, tries)
        raise SignInRefused(WRONG) from wrong
    return person


def _use(factor: SecondFactor, code: str, now: datetime) -> None:
    secret = unseal(factor.sealed, PURPOSE)
    step = matching_step(secret, code, now.timestamp(), factor.last_step) if secret else None
    if step is None:
        raise DomainError(WRONG)
    factor.last_step = step
    factor.save(update_fields=["last_step"])


def _tell(verb: AuditVerb, person: User, acting_user: User) -> None:
    record(
        verb,
        acting_user=acting_user,
        object_type="person",
        object_id=person.pk,
        object_label=person.display_name,
    )
