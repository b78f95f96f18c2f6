"""Who is asking."""

from django.http import HttpRequest

from loyalty.core.people.models import User


def signed_in(request: HttpRequest) -> User:
    """The signed-in person; LoginRequiredMiddleware has seen to it that there is one."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("This page was reached by nobody; it must not be marked login_not_required.")
    return user
