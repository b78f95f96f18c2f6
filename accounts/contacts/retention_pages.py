"""The retention of raw events at /settings/retention/."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.contacts.forms import RetentionForm
from accounts.contacts.retention import forgotten_days, keep_for, kept_months
from loyalty.core.errors import NotAllowed
from loyalty.core.people.session import signed_in


@require_http_methods(["GET", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """Show how long raw events are kept; administrators change it."""
    user, form = signed_in(request), RetentionForm(request.POST or None, initial={"months": kept_months()})
    if request.method == "POST" and form.is_valid():
        try:
            keep_for(form.cleaned_data["months"], acting_user=user)
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        messages.success(request, "Set. It is carried out every night.")
        return redirect("settings-retention")
    status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "months": kept_months(), "forgotten": forgotten_days(), "may_set": user.is_administrator}
    return render(request, "accounts/contacts/retention.html", context, status=status)
