"""Signing in through the company's identity provider: the way there and the way back, at /sign-in/with/<its id>/."""

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from requests import RequestException

from loyalty.core.people.company_adapter import SignedTokens, refused
from loyalty.core.people.pages import safe_address


@login_not_required
@never_cache
@require_GET
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go to the provider; nothing is done here but to remember where somebody wanted to go."""
    wanted = safe_address(request.GET.get("next", ""), request)
    try:
        provider = get_adapter().get_provider(request, provider_id)
    except SocialApp.DoesNotExist as missing:
        raise Http404 from missing
    if request.user.is_authenticated:
        return redirect(wanted)
    try:
        there: HttpResponse = provider.redirect(request, AuthProcess.LOGIN, next_url=wanted)
    except (RequestException, KeyError, ValueError):
        return refused(request, f"{provider.app.name} cannot be reached just now. Sign in with your password.")
    return there


@login_not_required
@never_cache
@require_GET
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider with its word, which is looked at in `company_adapter`."""
    try:
        back: HttpResponse = OAuth2CallbackView.adapter_view(SignedTokens(request, provider_id))(request)
    except SocialApp.DoesNotExist as missing:
        raise Http404 from missing
    return back
