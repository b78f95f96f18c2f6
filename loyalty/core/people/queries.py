"""Whom to turn to: the people of a function, its lead, the administrators. Only who is active counts."""

from django.db.models import QuerySet

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function


def members(*functions: Function) -> QuerySet[User]:
    """Everybody who sits in one of these functions."""
    return _active().filter(memberships__function__in=[f.value for f in functions]).distinct()


def leads(function: Function) -> QuerySet[User]:
    """The leads of a function; where nobody leads it, everybody in it: an escalation must reach somebody."""
    leading = _active().filter(memberships__function=function.value, memberships__is_lead=True)
    return leading.distinct() if leading.exists() else members(function)


def administrators() -> QuerySet[User]:
    """Everybody who manages people, sources and keys."""
    return _active().filter(is_administrator=True)


def _active() -> QuerySet[User]:
    return User.objects.filter(is_active=True).order_by("pk")
