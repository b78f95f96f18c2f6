"""With whose seat a person decides: their own, or that of somebody whom they stand in for today."""

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from loyalty.core.absence.models import Delegation
from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member, holds_seat
from loyalty.core.people.rules import Function
from loyalty.core.prepared import run_prepared


def company_day() -> date:
    """Today in the company's time zone."""
    return timezone.now().astimezone(ZoneInfo(settings.COMPANY_TIME_ZONE)).date()


def in_force(day: date) -> QuerySet[Delegation]:
    """The delegations of that day between people who are active both."""
    return Delegation.objects.filter(
        starts_on__lte=day, ends_on__gte=day, ended_at=None, delegator__is_active=True, delegate__is_active=True
    )


# Asked several times for every page of the queue, and nearly everybody stands in for nobody.
_STANDS_IN = """
SELECT EXISTS (
    SELECT FROM core_delegation
    WHERE delegate_id = %(person)s::bigint AND ended_at IS NULL AND %(day)s::date BETWEEN starts_on AND ends_on)
"""


def stood_in_for(user: User, day: date) -> list[User]:
    """Those whom the person stands in for on that day, by id, with their functions."""
    ((stands_in,),) = run_prepared(_STANDS_IN, {"person": user.pk, "day": day})
    if not stands_in:
        return []
    held = in_force(day).filter(delegate=user).select_related("delegator").prefetch_related("delegator__memberships")
    return [delegation.delegator for delegation in held.order_by("delegator_id")]


def functions_today(user: User) -> Mapping[Function, User]:
    """The functions that the person can decide for today, each with whose seat it is: their own comes first."""
    seats = dict.fromkeys(user.functions, user)
    for delegator in stood_in_for(user, company_day()):
        for function in delegator.functions:
            seats.setdefault(function, delegator)
    return seats


def take_seat(user: User, function: Function) -> User:
    """Whose seat the person decides with, kept so until the transaction ends; raises NotAllowed when there is none.

    Own seats come first. A share lock keeps the delegation: who ends it waits for the decision, or is seen by it.
    """
    if holds_seat(user, function):
        return user
    held = in_force(company_day()).filter(delegate=user, delegator__memberships__function=function.value)
    for delegation in held.order_by("delegator_id").select_for_update(of=("self",), no_key=True):
        delegator = User.objects.get(pk=delegation.delegator_id)
        if holds_seat(delegator, function):
            return delegator
    check_member(user, function)
    raise NotAllowed("Your seat changed while you were deciding. Nothing was changed; please try again.")
