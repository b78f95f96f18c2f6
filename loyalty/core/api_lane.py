"""Programs take a shorter way in than browsers.

What sends to /v1/ and /webhooks/ has a key or a secret and no cookies: sessions, sign-in, CSRF, CSP,
messages and htmx have nothing to do for it, and would be a third of the work
of a request that comes many times a second.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

PREFIXES = ("/v1/", "/webhooks/")


class ApiLaneMiddleware:
    """Answer requests to /v1/ and /webhooks/ at once; whatever stands after this middleware does not see them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        request.get_host()  # raises DisallowedHost, which is answered with 400
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return response
