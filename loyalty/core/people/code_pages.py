"""The second factor: its code after the password at /sign-in/code/, and setting it up at /settings/second-factor/."""

from allauth.account.internal.decorators import login_stage_required
from allauth.account.stages import LoginStage
from allauth.mfa.adapter import get_adapter
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from loyalty.core.errors import DomainError
from loyalty.core.people import second_factor
from loyalty.core.people.forms import CodeForm
from loyalty.core.people.models import User
from loyalty.core.people.pages import address_of
from loyalty.core.people.second_factor_adapter import UnreadableSecretError
from loyalty.core.people.session import signed_in
from loyalty.core.people.verbs import SignInRefused
from loyalty.core.showing import keep_to_show, show_once

# In the session, sealed: the secret that somebody may confirm.
BEGUN = "second factor begun"


@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="sign-in")
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Let in whoever gave the right password a moment ago, by a code."""
    stage: LoginStage = request._login_stage  # type: ignore[attr-defined]
    form, status = CodeForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        try:
            second_factor.spend(
                form.cleaned_data["code"], address_of(request), person=stage.login.user, now=timezone.now()
            )
        except SignInRefused as refusal:
            form.add_error("code", str(refusal))
            status = refusal.status
        else:
            inside: HttpResponse = stage.exit()
            return inside
    return render(request, "core/people/code.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Set a second factor up, or drop it: both by a code."""
    person = signed_in(request)
    if second_factor.has_second_factor(person):
        return _drop(request, person)
    form, secret = CodeForm(request.POST if "code" in request.POST else None), _begun(request)
    if secret and form.is_valid():
        try:
            codes = second_factor.confirm(secret, form.cleaned_data["code"], acting_user=person)
        except DomainError as refused:
            form.add_error("code", str(refused))
        else:
            del request.session[BEGUN]
            messages.success(request, "From now on you are asked for a code.")
            return _show_codes(request, codes)
    adapter = get_adapter()
    address = adapter.build_totp_url(person, secret) if secret else ""
    context = {"form": form, "secret": secret, "picture": adapter.build_totp_svg(address) if secret else ""}
    return render(request, "core/people/second_factor.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """The codes that were just made, once; and making new ones."""
    person = signed_in(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.renew_recovery_codes(
                form.cleaned_data["code"], address_of(request), acting_user=person, now=timezone.now()
            )
        except DomainError as refused:
            form.add_error("code", str(refused))
        else:
            return _show_codes(request, codes)
    context = {
        "form": form,
        "fresh": show_once(request, "recovery codes", now=timezone.now()).split(),
        "is_set": second_factor.has_second_factor(person),
        "left": second_factor.recovery_codes_left(person),
    }
    return render(request, "core/people/recovery_codes.html", context, status=422 if form.errors else 200)


def _drop(request: HttpRequest, person: User) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            second_factor.drop(form.cleaned_data["code"], address_of(request), acting_user=person, now=timezone.now())
        except DomainError as refused:
            form.add_error("code", str(refused))
        else:
            messages.success(request, "It is dropped.")
            return redirect("settings")
    context = {"form": form, "is_set": True, "left": second_factor.recovery_codes_left(person)}
    return render(request, "core/people/second_factor.html", context, status=422 if form.errors else 200)


def _begun(request: HttpRequest) -> str:
    """The secret that may be confirmed, made by the first POST; "" before that."""
    if request.method != "POST":
        return ""
    try:
        secret: str = decrypt(request.session[BEGUN])
    except (KeyError, UnreadableSecretError):
        secret = generate_totp_secret()
        request.session[BEGUN] = encrypt(secret)
    return secret


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    keep_to_show(request, "recovery codes", " ".join(codes), now=timezone.now())
    return redirect("recovery-codes")
