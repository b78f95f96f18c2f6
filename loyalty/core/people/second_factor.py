"""A second factor: a code of an authenticator app, asked for after the password, for those who set one up.

After the company's identity provider it is asked for too: whether that one asked for a
second factor of its own is not said by all of them, and who set one up here was promised it.
Secrets, codes and their single use are allauth's; who may try, how often, and what is told of it is ours.

Invariants: a secret counts once a code of it was typed in; a code is used once, whichever
process looks at it; whoever knows the password has ten tries at codes in 15 minutes, from wherever.
"""

from datetime import datetime

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import SignInAttempt, User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.people.second_factor_adapter import UnreadableSecretError
from loyalty.core.people.verbs import SignInRefused, claim_try, tell_failure

WRONG = "This code is not right, or was used already. Wait for the next one."


def has_second_factor(person: User) -> bool:
    """Whether the password alone does not let this person in."""
    is_set: bool = is_mfa_enabled(person, [Authenticator.Type.TOTP])
    return is_set


def recovery_codes_left(person: User) -> int:
    """How many recovery codes the person has not used yet."""
    kept = Authenticator.objects.filter(user=person, type=Authenticator.Type.RECOVERY_CODES).first()
    return app_settings.RECOVERY_CODE_COUNT - kept.data["used_mask"].bit_count() if kept else 0


@transaction.atomic
def confirm(secret: str, code: str, *, acting_user: User) -> list[str]:
    """Let the second factor count from now on, by a code of it; returns recovery codes. Raises DomainError."""
    User.objects.select_for_update(no_key=True).get(pk=acting_user.pk)
    if has_second_factor(acting_user):
        raise DomainError("A second factor is set up already.")
    if not TOTP.activate(acting_user, secret).validate_code(code):
        raise DomainError(WRONG)
    _tell(AuditVerb.SECOND_FACTOR_SET, acting_user, acting_user)
    return _new_recovery_codes(acting_user)


def renew_recovery_codes(code: str, address: str, *, acting_user: User, now: datetime) -> list[str]:
    """New recovery codes in place of those there were, by a code. Raises DomainError and LockedOut.

    `address` is where the person is.
    """
    spend(code, address, person=acting_user, now=now, failed=AuditVerb.SECOND_FACTOR_FAILED)
    with transaction.atomic():
        _lock_factor(acting_user)
        return _new_recovery_codes(acting_user)


def drop(code: str, address: str, *, acting_user: User, now: datetime) -> None:
    """Let the password suffice again, by a code. Raises DomainError and LockedOut."""
    spend(code, address, person=acting_user, now=now, failed=AuditVerb.SECOND_FACTOR_FAILED)
    with transaction.atomic():
        _lock_factor(acting_user)
        Authenticator.objects.filter(user=acting_user).delete()
        _tell(AuditVerb.SECOND_FACTOR_DROPPED, acting_user, acting_user)


@transaction.atomic
def reset(person_id: int, *, acting_user: User) -> None:
    """Take away the second factor of somebody who lost it. Raises NotAllowed unless an administrator acts."""
    check_administrator(acting_user)
    person = User.objects.select_for_update(no_key=True).get(pk=person_id)
    if not Authenticator.objects.filter(user=person).delete()[0]:
        raise DomainError(f"{person.display_name} has no second factor.")
    _tell(AuditVerb.SECOND_FACTOR_DROPPED, person, acting_user)


def spend(
    code: str, address: str, *, person: User, now: datetime, failed: AuditVerb = AuditVerb.SIGN_IN_FAILED
) -> None:
    """Use up a code of the app, or a recovery code. Raises SignInRefused and LockedOut.

    `address` is where the person is; `failed` is what is told when the code is wrong.
    """
    name = f"second factor of {person.pk}"
    tries = claim_try(name, "", now)
    with transaction.atomic():
        used = _matching(person, code) if person.is_active else None
        if used is not None:
            used.record_usage()
            SignInAttempt.objects.filter(username=name).delete()
            if used.type == Authenticator.Type.RECOVERY_CODES:
                _tell(AuditVerb.RECOVERY_CODE_USED, person, person, {"left": recovery_codes_left(person)})
            return
    tell_failure(person.username, address, tries, failed)
    raise SignInRefused(WRONG)


def _matching(person: User, code: str) -> Authenticator | None:
    """What the code, which is used with that, belongs to."""
    try:
        # "totp" first: what it takes is no recovery code.
        kept = Authenticator.objects.filter(user=person).order_by("-type")
        return next((factor for factor in kept if factor.wrap().validate_code(code)), None)
    except (UnreadableSecretError, Authenticator.DoesNotExist):
        # The latter: dropped meanwhile.
        return None


def _lock_factor(person: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not has_second_factor(person):
        raise DomainError("No second factor is set up.")


def _new_recovery_codes(person: User) -> list[str]:
    Authenticator.objects.filter(user=person, type=Authenticator.Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(person).generate_codes()
    _tell(AuditVerb.RECOVERY_CODES_MADE, person, person, {"codes": len(codes)})
    return codes


def _tell(verb: AuditVerb, person: User, acting_user: User, after: dict[str, int] | None = None) -> None:
    record(
        verb,
        acting_user=acting_user,
        object_type="person",
        object_id=person.pk,
        object_label=person.display_name,
        after=after,
    )
