"""Managing people: inviting, seats, leaving and coming back. Administrators do it, and nobody to themselves.

Invariants: nobody gives themselves a seat, for an administrator has no approval
right; at least one administrator stays active; who leaves is signed out at once,
and what waited for them is handed over in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.company import drop_links
from loyalty.core.people.leaving import hand_over_all, hold_all
from loyalty.core.people.models import Membership, User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.people.rules import FUNCTION_LABELS, Function, split_name
from loyalty.core.people.sessions import end_sessions
from loyalty.core.people.verbs import check_password_strength

LINKED = "linked with an identity provider"


@dataclass(frozen=True)
class Standing:
    """Who somebody is here: name, address, seats with whether they lead there, and administration."""

    name: str
    email: str = ""
    seats: Mapping[Function, bool] = field(default_factory=dict)
    is_administrator: bool = False


@transaction.atomic
def invite(username: str, standing: Standing, *, acting_user: User) -> User:
    """Make a person who cannot sign in until they choose a password behind the link of `link_for`.

    Raises NotAllowed unless an administrator acts, DomainError when the username is taken.
    """
    check_administrator(acting_user)
    if User.objects.filter(username__iexact=username).exists():
        raise DomainError(f"There is a person with the username {username} already.")
    person = User(username=username)
    person.set_unusable_password()
    _write(person, standing)
    _tell(AuditVerb.PERSON_INVITED, person, acting_user, after={"username": username, **_told(person)})
    return person


@transaction.atomic
def change_person(person_id: int, standing: Standing, *, acting_user: User) -> User:
    """Set name, address, seats and administration; it holds from the person's next click.

    Whoever gets another e-mail address is found by that one when they next sign in
    through an identity provider.

    Raises NotAllowed unless an administrator acts, or when one touches one's own seats;
    DomainError when the last administrator would go.
    """
    person = _lock(person_id)
    check_administrator(acting_user)
    before = _told(person)
    if person.pk == acting_user.pk and (standing.seats, standing.is_administrator) != (_seats(person), True):
        raise NotAllowed("Another administrator sets your functions: nobody gives themselves a right.")
    if person.is_administrator and not standing.is_administrator:
        _check_another_administrator(person)
    stands = Standing(person.display_name, person.email, _seats(person), person.is_administrator)
    if stands == replace(standing, name=" ".join(standing.name.split())):
        return person
    _write(person, standing)
    after = _told(person)
    if before["e-mail"].casefold() != person.email.casefold() and drop_links(person):
        before, after = before | {LINKED: True}, after | {LINKED: False}
    changed = [name for name in after if before[name] != after[name]]
    if changed:
        then, now = {name: before[name] for name in changed}, {name: after[name] for name in changed}
        _tell(AuditVerb.PERSON_CHANGED, person, acting_user, before=then, after=now)
    return person


@transaction.atomic
def deactivate(person_id: int, hand_over_to: int | None, reason: str, *, acting_user: User) -> dict[str, int]:
    """Let somebody in no longer: signed out at once, and what waits for them goes to a colleague or their function.

    Returns how many things of each kind were handed over. Raises NotAllowed
    unless an administrator acts, and on oneself; DomainError for the last administrator.
    """
    hold_all(person_id)
    person = _lock(person_id)
    check_administrator(acting_user)
    if person.pk == acting_user.pk:
        raise NotAllowed("Nobody lets themselves out for good. Ask another administrator.")
    if not person.is_active:
        raise DomainError(f"{person.display_name} is not active already.")
    if person.is_administrator:
        _check_another_administrator(person)
    heir = User.objects.filter(pk=hand_over_to or 0, is_active=True).exclude(pk=person.pk).first()
    if hand_over_to is not None and heir is None:
        raise DomainError("Hand it over to somebody who is active.")
    moved = hand_over_all(person, heir)
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_sessions(person)
    told = {"active": False, "handed over to": heir.display_name if heir else "their functions", **moved}
    _tell(AuditVerb.PERSON_CHANGED, person, acting_user, reason, before={"active": True}, after=told)
    return moved


@transaction.atomic
def reactivate(person_id: int, *, acting_user: User) -> User:
    """Let somebody in again, with the seats that they had. Raises NotAllowed unless an administrator acts."""
    person = _lock(person_id)
    check_administrator(acting_user)
    if person.is_active:
        raise DomainError(f"{person.display_name} is active already.")
    person.is_active = True
    person.save(update_fields=["is_active"])
    _tell(AuditVerb.PERSON_CHANGED, person, acting_user, before={"active": False}, after={"active": True})
    return person


@transaction.atomic
def link_for(person_id: int, *, acting_user: User) -> str:
    """The path behind which the person chooses a password: for three days, once, and only the newest sign-in state.

    For invitations, and for lost passwords. Raises NotAllowed unless an administrator acts.
    """
    person = _lock(person_id)
    check_administrator(acting_user)
    if not person.is_active:
        raise DomainError(f"{person.display_name} is not active.")
    _tell(AuditVerb.PERSON_LINK_MADE, person, acting_user)
    uid = urlsafe_base64_encode(str(person.pk).encode())
    return reverse("welcome", args=[uid, default_token_generator.make_token(person)])


def person_behind(uid: str, token: str) -> User | None:
    """Whom a link was made for; None when nobody signed it, it is older than three days, or was used already."""
    try:
        pk = int(force_str(urlsafe_base64_decode(uid)))
    except (ValueError, OverflowError):
        return None
    person = User.objects.filter(pk=pk, is_active=True).first() if 0 < pk < 2**63 else None
    return person if person is not None and default_token_generator.check_token(person, token) else None


@transaction.atomic
def choose_password(uid: str, token: str, password: str) -> User:
    """Set the password behind a link, which is used up with that; whoever was signed in as them is signed out.

    Raises DomainError when the link holds no longer, or the password is too weak.
    """
    found = person_behind(uid, token)
    person = User.objects.select_for_update(no_key=True).get(pk=found.pk) if found else None
    if person is None or not default_token_generator.check_token(person, token):
        raise DomainError("This link holds no longer. Ask an administrator for a new one.")
    check_password_strength(password, person)
    person.set_password(password)
    person.save(update_fields=["password"])
    end_sessions(person)
    _tell(AuditVerb.PASSWORD_SET, person, person)
    return person


def _lock(person_id: int) -> User:
    """The person, locked together with all administrators in one order: two who let each other go leave one."""
    wanted = User.objects.filter(Q(pk=person_id) | Q(is_administrator=True, is_active=True))
    locked = {person.pk: person for person in wanted.select_for_update(no_key=True).order_by("pk")}
    if person_id not in locked:
        raise User.DoesNotExist
    return locked[person_id]


def _write(person: User, standing: Standing) -> None:
    person.first_name, person.last_name = split_name(standing.name)
    person.email, person.is_administrator = standing.email, standing.is_administrator
    person.save()
    # One by one: a seat that stays keeps its row, which whoever decides just now has locked.
    kept = {Function(seat.function): seat for seat in person.memberships.select_for_update(no_key=True).order_by("pk")}
    for function in sorted(set(kept) | set(standing.seats)):
        if function not in standing.seats:
            kept[function].delete()
        elif function not in kept:
            Membership.objects.create(user=person, function=function.value, is_lead=standing.seats[function])
        elif kept[function].is_lead != standing.seats[function]:
            Membership.objects.filter(pk=kept[function].pk).update(is_lead=standing.seats[function])


def _check_another_administrator(person: User) -> None:
    if not User.objects.filter(is_active=True, is_administrator=True).exclude(pk=person.pk).exists():
        raise DomainError(f"{person.display_name} is the last administrator. Make another one first.")


def _seats(person: User) -> dict[Function, bool]:
    return {Function(seat.function): seat.is_lead for seat in Membership.objects.filter(user=person)}


def _told(person: User) -> dict[str, Any]:
    seats = _seats(person)
    return {
        "name": person.display_name,
        "e-mail": person.email,
        "functions": [FUNCTION_LABELS[f] for f in Function if f in seats],
        "leads": [FUNCTION_LABELS[f] for f in Function if seats.get(f)],
        "administrator": person.is_administrator,
    }


def _tell(
    verb: AuditVerb,
    person: User,
    acting_user: User,
    reason: str = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    record(
        verb,
        acting_user=acting_user,
        object_type="person",
        object_id=person.pk,
        object_label=person.display_name,
        reason=reason,
        before=before,
        after=after,
    )
