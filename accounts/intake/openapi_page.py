"""The OpenAPI document at /v1/openapi.json, for programs; it tells nothing of this company and is for everybody."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts.intake.openapi import document


@login_not_required
@require_safe
def openapi(request: HttpRequest) -> JsonResponse:
    """The document as JSON."""
    return JsonResponse(document())
