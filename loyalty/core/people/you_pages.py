"""The person's own page at /settings/: who one is here, one's password, where one is signed in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.core.errors import DomainError
from loyalty.core.people import verbs
from loyalty.core.people.pages import address_of
from loyalty.core.people.people_forms import ChangePasswordForm
from loyalty.core.people.session import signed_in
from loyalty.core.people.sessions import end_others, keep_only_here, sessions_of


@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
def you(request: HttpRequest) -> HttpResponse:
    """Who one is here; a new password signs out everywhere else."""
    person = signed_in(request)
    form = ChangePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            changed = verbs.change_password(form.cleaned_data["old"], form.cleaned_data["new"], acting_user=person)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            keep_only_here(request, changed, address_of(request))
            messages.success(request, "Your password is changed. Everywhere else you are signed out.")
            return redirect("settings")
    context = {
        "person": person,
        "form": form,
        "sessions": sessions_of(person),
        "here": request.session.session_key,
    }
    return render(request, "core/people/you.html", context, status=422 if form.errors else 200)


@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End every other session of the person."""
    ended = end_others(acting_user=signed_in(request), but=request.session.session_key)
    messages.success(request, f"Signed out in {ended} other place{'' if ended == 1 else 's'}.")
    return redirect("settings")
