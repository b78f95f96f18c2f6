"""May this person? Each check has a raising form and a boolean twin."""

from django.db import connection

from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function


def is_member(user: User, function: Function) -> bool:
    """Whether the person is active and belongs to the function, read from the database now."""
    return User.objects.filter(pk=user.pk, is_active=True, memberships__function=function.value).exists()


def check_member(user: User, function: Function) -> None:
    """Raise NotAllowed unless the person belongs to the function. Administrators are no exception."""
    if not is_member(user, function):
        raise NotAllowed(f"This belongs to {FUNCTION_LABELS[function]}. Ask a colleague there, or propose it.")


def is_administrator(user: User) -> bool:
    """Whether the person is an active administrator, read from the database now."""
    return User.objects.filter(pk=user.pk, is_active=True, is_administrator=True).exists()


def check_administrator(user: User) -> None:
    """Raise NotAllowed unless the person is an active administrator."""
    if not is_administrator(user):
        raise NotAllowed("Only an administrator can do this.")


def holds_seat(user: User, function: Function) -> bool:
    """As `is_member`, and keeps it so until the transaction ends.

    A share lock on the person and the seat: who moves or deactivates them waits
    for the decision, or is seen by it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM core_user AS u JOIN core_membership AS m ON m.user_id = u.id"
            " WHERE u.id = %s AND u.is_active AND m.function = %s FOR SHARE OF u, m",
            [user.pk, function.value],
        )
        return cursor.fetchone() is not None
