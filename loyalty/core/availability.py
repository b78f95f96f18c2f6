"""When the database is away: an honest 503 with Retry-After, never a stack trace."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

log = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 5


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
        return unavailable()


def unavailable() -> HttpResponse:
    """503 in plain words; nothing was taken in, nothing was lost."""
    response = HttpResponse(
        "The database is not available right now. Nothing was changed. Please try again in a moment.\n",
        status=503,
        content_type="text/plain; charset=utf-8",
    )
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
