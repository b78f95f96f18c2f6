"""The person's own page at /settings/."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from loyalty.core.people.session import signed_in


@require_GET
def you(request: HttpRequest) -> HttpResponse:
    """Who one is here, and what follows from it."""
    return render(request, "core/people/you.html", {"person": signed_in(request)})
