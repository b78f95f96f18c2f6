"""Signing in through the company's own identity provider (OpenID Connect), where one is set up.

Invariants: it lets in whom an administrator invited, and makes nobody; the first
time a person is found by their verified e-mail address, from then on by the
provider's own number of them (its subject), so that an address which is given to
somebody else later opens nothing; who is deactivated stays outside.
"""

from collections.abc import Collection

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.db import transaction

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.people.verbs import SignInRefused


def company_app() -> SocialApp | None:
    """The identity provider that the settings name; None when there is none."""
    apps = get_adapter().list_apps(None, provider="openid_connect")
    return apps[0] if apps else None


def admit_vouched(app: SocialApp, subject: str, verified: Collection[str], address: str) -> User:
    """The person whom the provider vouches for, by its `subject` and their `verified` e-mail addresses.

    `address` is where they came from. Raises SignInRefused in words; nothing is made but the link.
    """
    try:
        return _find(app, subject, verified)
    except SignInRefused as refusal:
        record(
            AuditVerb.SIGN_IN_FAILED,
            acting_user=None,
            object_type="person",
            object_label=next(iter(verified), subject),
            after={"address": address, "through": app.name},
            reason=str(refusal),
        )
        raise


@transaction.atomic
def _find(app: SocialApp, subject: str, verified: Collection[str]) -> User:
    known = User.objects.filter(socialaccount__provider=app.provider_id, socialaccount__uid=subject).first()
    if known is not None:
        if not known.is_active:
            raise SignInRefused("You are no longer let in here. Ask an administrator.")
        return known
    if not verified:
        raise SignInRefused(f"{app.name} does not say that your e-mail address is verified.")
    found = User.objects.none()
    for email in verified:
        found |= User.objects.filter(email__iexact=email)
    people = list(found.filter(is_active=True).select_for_update(no_key=True).order_by("pk"))
    if not people:
        raise SignInRefused(f"Nobody with the address {' or '.join(verified)} is let in here. Ask an administrator.")
    if len(people) > 1:
        raise SignInRefused("Several people have your address here. Ask an administrator to set it apart.")
    _link(app, subject, people[0])
    return people[0]


def _link(app: SocialApp, subject: str, person: User) -> None:
    if SocialAccount.objects.filter(provider=app.provider_id, user=person).exists():
        raise SignInRefused(
            f"{person.display_name} is linked with another sign-in of {app.name}. Ask an administrator to take it off."
        )
    # Of what the provider tells about a person nothing is kept but its number of them.
    SocialAccount.objects.create(provider=app.provider_id, uid=subject, user=person)
    _tell(person, person, before=None, after=app.name)


@transaction.atomic
def unlink(person_id: int, *, acting_user: User) -> None:
    """Take a person's link off, so that the next sign-in finds them by their address anew.

    Raises NotAllowed unless an administrator acts, DomainError when there is no link.
    """
    check_administrator(acting_user)
    person = User.objects.select_for_update(no_key=True).get(pk=person_id)
    if not drop_links(person):
        raise DomainError(f"{person.display_name} is linked with no identity provider.")
    app = company_app()
    _tell(person, acting_user, before=app.name if app else "an identity provider", after=None)


def drop_links(person: User) -> bool:
    """Forget by what number a provider knows the person; returns whether one did. The caller tells the audit."""
    return bool(SocialAccount.objects.filter(user=person).delete()[0])


def is_linked(person: User) -> bool:
    """Whether an identity provider vouched for the person before."""
    return User.objects.filter(pk=person.pk, socialaccount__isnull=False).exists()


def _tell(person: User, acting_user: User, *, before: str | None, after: str | None) -> None:
    record(
        AuditVerb.PERSON_CHANGED,
        acting_user=acting_user,
        object_type="person",
        object_id=person.pk,
        object_label=person.display_name,
        before={"signs in through": before},
        after={"signs in through": after},
    )
