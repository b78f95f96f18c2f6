"""The second factor: its code after the password at /sign-in/code/, and setting it up at /settings/second-factor/."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from loyalty.core.errors import DomainError
from loyalty.core.people import second_factor
from loyalty.core.people.forms import CodeForm
from loyalty.core.people.pages import HALF, address_of, let_in
from loyalty.core.people.rules_of_codes import app_address
from loyalty.core.people.session import signed_in
from loyalty.core.people.verbs import SignInRefused

HALF_HOLDS = timedelta(minutes=5)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Let in whoever gave the right password a moment ago, by a code."""
    half = request.session.get(HALF)
    if half is None or timezone.now() - datetime.fromisoformat(half["at"]) > HALF_HOLDS:
        raise Http404
    form, status = CodeForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        try:
            person = second_factor.admit_by_code(
                half["person"],
                form.cleaned_data["code"],
                address_of(request),
                now=timezone.now(),
                through=half["through"],
            )
        except SignInRefused as refusal:
            form.add_error("code", str(refusal))
            status = refusal.status
        else:
            del request.session[HALF]
            return let_in(request, person, half["next"])
    return render(request, "core/people/code.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Set a second factor up, or drop it: both by a code."""
    person = signed_in(request)
    is_set = second_factor.has_second_factor(person)
    form, secret = CodeForm(request.POST if "code" in request.POST else None), ""
    if request.method == "POST" and form.is_valid():
        act = second_factor.drop if is_set else second_factor.confirm
        try:
            act(form.cleaned_data["code"], acting_user=person)
        except DomainError as refused:
            form.add_error("code", str(refused))
        else:
            messages.success(request, "It is dropped." if is_set else "From now on you are asked for a code.")
            return redirect("settings")
    if request.method == "POST" and not is_set:
        secret = second_factor.begin(person=person)
    context = {
        "form": form,
        "is_set": is_set,
        "secret": secret,
        "address": app_address(secret, person.username) if secret else "",
    }
    return render(request, "core/people/second_factor.html", context, status=422 if form.errors else 200)
