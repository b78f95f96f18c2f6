"""When the database cannot do its part: an honest 503 with Retry-After, never a stack trace.

It may be away, restarting, out of connections, out of disk, or open for reading
only. Each of these ends by itself or by an operator's hand, whoever asks may ask
again, and nothing was written: what fails is a statement of one transaction.
"""

import logging
import sys
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

log = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 5
REASON = "The database is not available right now. Nothing was taken in. Send the same again in a moment."

# What to catch before asking `is_unavailable`.
DATABASE_TROUBLE = (DatabaseError, InterfaceError)
# SQLSTATE, or its class, of trouble on the side of the server that comes as an InternalError:
# a read-only transaction, and what has no class of its own, such as a file that cannot grow.
_SERVER_STATES = ("25006", "XX")


class AvailabilityMiddleware:
    """Turn a database in trouble into 503: whoever asked may ask again with the same id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return unavailable(request, exception) if is_unavailable(exception) else None


def is_unavailable(error: BaseException | None) -> bool:
    """Whether an exception says that the database cannot do its part at the moment."""
    if isinstance(error, InternalError):
        state = getattr(error.__cause__, "sqlstate", None) or ""
        return state.startswith(_SERVER_STATES)
    return isinstance(error, (OperationalError, InterfaceError))


def unavailable_now(request: HttpRequest) -> HttpResponse | None:
    """The 503 for the exception that is being handled, when it says so: for what fails outside of a page's own code."""
    error = sys.exc_info()[1]
    return unavailable(request, error) if is_unavailable(error) else None


def unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """503 in plain words, a page for people; nothing was taken in, nothing was lost."""
    log.warning("The database is unavailable: %s", error)
    if request.accepts("text/html"):
        response = HttpResponse(render_to_string("errors/503.html"), status=503)
    else:
        response = JsonResponse({"success": False, "code": "unavailable", "reason": REASON}, status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
