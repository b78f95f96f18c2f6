"""People at /settings/people/: who is here, inviting, changing, letting go; and the page behind an invitation."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people import company, managing, second_factor
from loyalty.core.people.models import User
from loyalty.core.people.people_forms import InviteForm, LeaveForm, PasswordForm, StandingForm
from loyalty.core.people.permissions import check_administrator
from loyalty.core.people.session import signed_in
from loyalty.core.showing import keep_to_show, show_once

CSV_HEADER = ("name", "username", "functions", "leads", "active", "last_signed_in")


@require_GET
def people(request: HttpRequest) -> HttpResponseBase:
    """Everybody, who is active first."""
    found = User.objects.prefetch_related("memberships").order_by("-is_active", "first_name", "last_name", "pk")
    if wants_csv(request):
        lines = (
            [p.display_name, p.username, p.functions_in_words, p.leads_in_words, p.is_active, p.last_login]
            for p in found
        )
        return csv_response("people", CSV_HEADER, lines, acting_user=signed_in(request))
    context = {"people": found, "may_manage": signed_in(request).is_administrator}
    return render(request, "core/people/people.html", context)


@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Make a person, and the link behind which they choose a password."""
    user = _administrator(request)
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = managing.invite(form.cleaned_data["username"], form.standing, acting_user=user)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return _show_link(request, made)
    return render(request, "core/people/invite.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """One person: who they are here, and for administrators the form that sets it."""
    user, found = signed_in(request), get_object_or_404(User, pk=person_id)
    form = StandingForm(request.POST or None, initial=_standing(found))
    if request.method == "POST" and form.is_valid():
        try:
            managing.change_person(person_id, form.standing, acting_user=_administrator(request))
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Kept. It holds from their next click.")
            return redirect("person", person_id)
    context = {
        "person": found,
        "form": form,
        "leave_form": LeaveForm(leaving=found),
        "may_manage": user.is_administrator,
        "is_linked": company.is_linked(found),
        "has_second_factor": second_factor.has_second_factor(found),
        "is_oneself": found.pk == user.pk,
        "link": show_once(request, f"link of person {person_id}", now=timezone.now()),
    }
    return render(request, "core/people/person.html", context, status=422 if form.errors else 200)


@require_POST
def deactivate(request: HttpRequest, person_id: int) -> HttpResponse:
    """Let somebody in no longer."""
    user, found = _administrator(request), get_object_or_404(User, pk=person_id)
    form = LeaveForm(request.POST, leaving=found)
    if not form.is_valid():
        messages.error(request, " ".join(str(e) for errors in form.errors.values() for e in errors))
        return redirect("person", person_id)
    heir = form.cleaned_data["hand_over_to"]

    def act() -> str:
        moved = managing.deactivate(person_id, heir.pk if heir else None, form.cleaned_data["reason"], acting_user=user)
        handed = "; ".join(f"{what}: {count}" for what, count in moved.items())
        return f"{found.display_name} is no longer let in." + (f" Handed over, {handed}." if handed else "")

    return _carry_out(request, person_id, act)


@require_POST
def reactivate(request: HttpRequest, person_id: int) -> HttpResponse:
    """Let somebody in again."""
    user, found = _administrator(request), get_object_or_404(User, pk=person_id)

    def act() -> str:
        managing.reactivate(person_id, acting_user=user)
        return f"{found.display_name} is let in again."

    return _carry_out(request, person_id, act)


@require_POST
def link(request: HttpRequest, person_id: int) -> HttpResponse:
    """A new link, for a lost password or an invitation that ran out."""
    _administrator(request)
    return _show_link(request, get_object_or_404(User, pk=person_id))


@require_POST
def reset_second_factor(request: HttpRequest, person_id: int) -> HttpResponse:
    """Take away the second factor of somebody who lost it."""
    user = _administrator(request, person_id)

    def act() -> str:
        second_factor.reset(person_id, acting_user=user)
        return "Their password alone lets them in again."

    return _carry_out(request, person_id, act)


@require_POST
def unlink(request: HttpRequest, person_id: int) -> HttpResponse:
    """Let a person who signs in through the identity provider be found by their address anew."""
    user = _administrator(request, person_id)

    def act() -> str:
        company.unlink(person_id, acting_user=user)
        return "Taken off. Their next sign-in finds them by their address."

    return _carry_out(request, person_id, act)


@login_not_required
@never_cache
@sensitive_post_parameters("new", "again")
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Choose a password, behind a signed link."""
    found = managing.person_behind(uid, token)
    if found is None:
        return render(request, "core/people/welcome.html", {"person": None}, status=404)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            managing.choose_password(uid, token, form.cleaned_data["new"])
        except DomainError as refused:
            form.add_error("new", str(refused))
        else:
            messages.success(request, "Your password is set. Sign in with it.")
            return redirect("sign-in")
    context = {"person": found, "form": form}
    return render(request, "core/people/welcome.html", context, status=422 if form.errors else 200)


def _administrator(request: HttpRequest, of_person: int | None = None) -> User:
    """The acting administrator; 404 when there is nobody with the id `of_person`."""
    user = signed_in(request)
    if of_person is not None:
        get_object_or_404(User, pk=of_person)
    try:
        check_administrator(user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    return user


def _standing(person: User) -> dict[str, Any]:
    seats = {seat.function: "lead" if seat.is_lead else "member" for seat in person.memberships.all()}
    about = {"name": person.display_name, "email": person.email, "is_administrator": person.is_administrator}
    return about | seats


def _carry_out(request: HttpRequest, person_id: int, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except DomainError as refused:
        messages.error(request, str(refused))
    return redirect("person", person_id)


def _show_link(request: HttpRequest, person: User) -> HttpResponse:
    """Make the link and let the person's page show it once."""
    try:
        path = managing.link_for(person.pk, acting_user=signed_in(request))
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        address = request.build_absolute_uri(path)
        keep_to_show(request, f"link of person {person.pk}", address, now=timezone.now())
    return redirect("person", person.pk)
