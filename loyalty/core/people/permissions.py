"""May this person? Each check has a raising form and a boolean twin."""

from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function


def is_member(user: User, function: Function) -> bool:
    """Whether the person is active and belongs to the function, read from the database now."""
    return User.objects.filter(
        pk=user.pk, is_active=True, memberships__function=function.value
    ).exists()


def check_member(user: User, function: Function) -> None:
    """Raise NotAllowed unless the person belongs to the function. Administrators are no exception."""
    if not is_member(user, function):
        raise NotAllowed(f"This belongs to {FUNCTION_LABELS[function]}. Ask a colleague there, or propose it.")


def check_administrator(user: User) -> None:
    """Raise NotAllowed unless the person is an active administrator."""
    if not User.objects.filter(pk=user.pk, is_active=True, is_administrator=True).exists():
        raise NotAllowed("Only an administrator can do this.")
