"""When the database is away: an honest 503 with Retry-After, never a stack trace."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

log = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 5
REASON = "The database is not available right now. Nothing was taken in. Send the same again in a moment."


class AvailabilityMiddleware:
    """Turn a lost database into 503: whoever asked may ask again with the same id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, (OperationalError, InterfaceError)):
            return None
        log.warning("The database is away: %s", exception)
        return unavailable(request)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 in plain words, a page for people; nothing was taken in, nothing was lost."""
    if request.accepts("text/html"):
        response = HttpResponse(render_to_string("errors/503.html"), status=503)
    else:
        response = JsonResponse({"success": False, "code": "unavailable", "reason": REASON}, status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
