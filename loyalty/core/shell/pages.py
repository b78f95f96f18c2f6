"""The error pages, the search, and the counts of the navigation."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from loyalty.core.availability import unavailable_now
from loyalty.core.people.session import signed_in
from loyalty.core.shell.registry import find


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    reason = str(exception or "")
    response = render(request, "errors/403.html", {"reason": reason}, status=403)
    if request.headers.get("HX-Request") and reason:
        response["HX-Trigger"] = json.dumps({"announce": {"message": reason, "tone": "bad"}})
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when it is the database: what fails in the session or at sign-in never reaches a page."""
    if response := unavailable_now(request):
        return response
    # Without the request: what failed may be what the shell's context would ask.
    return HttpResponse(render_to_string("errors/500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    response = render(request, "errors/csrf.html", status=403)
    if request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"  # a reload brings a fresh token
    return response


@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    """The counts of the navigation alone; the shell asks for them now and then."""
    return render(request, "core/shell/_counts.html")


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Everything that has the words in its name, grouped by what it is."""
    text = request.GET.get("q", "").strip()
    return render(request, "core/shell/search.html", {"query": text, "groups": find(text, signed_in(request))})
