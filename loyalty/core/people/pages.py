"""Signing in and out."""

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.core.people import verbs
from loyalty.core.people.company import company_app
from loyalty.core.people.forms import SignInForm
from loyalty.core.people.models import User
from loyalty.core.people.session import signed_in


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Let a person in and take them where they wanted to go."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if request.user.is_authenticated:
        return redirect(safe_address(wanted, request))
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            user = verbs.admit(**form.cleaned_data, address=address_of(request), now=timezone.now())
        except verbs.SignInRefused as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
        else:
            return enter(request, user, wanted)
    context = {"form": form, "next": wanted, "company": company_app()}
    return render(request, "core/people/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Let a person out."""
    verbs.tell_sign_out(acting_user=signed_in(request))
    logout(request)
    return redirect(resolve_url(str(settings.LOGOUT_REDIRECT_URL)))


def enter(request: HttpRequest, person: User, wanted: str, through: str = "") -> HttpResponse:
    """Sign the person in here, or ask for their second factor first; see `sign_in_adapter`.

    `through` names who vouched for the person, "" for their password.
    """
    there: HttpResponse = perform_login(
        request, person, redirect_url=safe_address(wanted[:500], request), signal_kwargs={"through": through}
    )
    return there


def address_of(request: HttpRequest) -> str:
    """Where a request came from; behind our own proxy, what the proxy says, which is the last entry."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or address
    return address[:64]


def safe_address(wanted: str, request: HttpRequest) -> str:
    """Where somebody wanted to go, if that is an address of ours; else home."""
    allowed = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if allowed else resolve_url(settings.LOGIN_REDIRECT_URL)
