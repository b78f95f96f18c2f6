"""Handing one's decisions to somebody else for some days, and taking them back."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from loyalty.core.absence.models import Delegation
from loyalty.core.absence.rules import Absence
from loyalty.core.absence.seats import company_day
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User

OBJECT_TYPE = "delegation"


@transaction.atomic
def delegate(to_id: int, starts_on: date, ends_on: date, reason: str, *, acting_user: User) -> Delegation:
    """Let somebody decide in one's own place on these days, both included.

    Raises DomainError when the days make no sense or are taken, when one has nothing to decide,
    and when the other person is away, gone, or oneself.
    """
    # Held, so that two absences of one person are made one after the other.
    held = User.objects.select_for_update(no_key=True).filter(pk__in=[acting_user.pk, to_id]).order_by("pk")
    people = {person.pk: person for person in held}
    days, stand_in = Absence(starts_on, ends_on), people.get(to_id)
    if refusal := days.refusal(company_day()):
        raise DomainError(refusal)
    if stand_in is None or not stand_in.is_active or stand_in.pk == acting_user.pk:
        raise DomainError("Choose a colleague who can sign in.")
    if not acting_user.memberships.exists():
        raise DomainError("You decide for no function, so there is nothing to hand on.")
    for known in _between(acting_user, days):
        raise DomainError(f"{known.delegate.display_name} stands in for you on some of these days already.")
    for known in _between(stand_in, days):
        raise DomainError(f"{stand_in.display_name} is away then; {known.delegate.display_name} stands in for them.")
    made = Delegation.objects.create(
        delegator=acting_user, delegate=stand_in, starts_on=starts_on, ends_on=ends_on, reason=reason.strip()
    )
    record(
        AuditVerb.DELEGATED,
        acting_user=acting_user,
        object_type=OBJECT_TYPE,
        object_id=made.pk,
        object_label=stand_in.display_name,
        after={"from": starts_on.isoformat(), "to": ends_on.isoformat()},
        reason=reason.strip(),
    )
    return made


@transaction.atomic
def end(delegation_id: int, *, acting_user: User) -> Delegation:
    """Take one's decisions back before the last day; raises NotAllowed for anybody else's. Twice is once."""
    found = Delegation.objects.select_for_update(of=("self",), no_key=True).get(pk=delegation_id)
    if found.delegator_id != acting_user.pk:
        raise NotAllowed("Only who handed their decisions on can take them back.")
    if found.ended_at is None:
        found.ended_at = timezone.now()
        found.save(update_fields=["ended_at"])
        record(
            AuditVerb.DELEGATION_ENDED,
            acting_user=acting_user,
            object_type=OBJECT_TYPE,
            object_id=found.pk,
            object_label=found.delegate.display_name,
        )
    return found


def _between(person: User, days: Absence) -> list[Delegation]:
    held = Delegation.objects.filter(
        delegator=person, ended_at=None, starts_on__lte=days.ends_on, ends_on__gte=days.starts_on
    )
    return list(held.select_related("delegate")[:1])
