"""Keys of the rewards API at /settings/api-keys/."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.session import signed_in
from loyalty.core.showing import keep_to_show, show_once
from rewards.delivery.api import keys as verbs
from rewards.delivery.api.models import ApiKey

CSV_HEADER = ("program", "key", "may redeem", "made", "revoked")


class KeyForm(forms.Form):
    """Which program a key is for, and what it may do."""

    name = forms.CharField(max_length=100, label="Program", help_text="What people call it: Product, Billing portal.")
    may_redeem = forms.BooleanField(required=False, label="It may redeem, and not only read")


@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponseBase:
    """Every key; a fresh one is shown this once."""
    user, form = signed_in(request), KeyForm(request.POST or None)
    found = ApiKey.objects.order_by("revoked_at", "-id")
    if wants_csv(request):
        rows = ([k.name, f"…{k.hint}", k.may_redeem, k.created_at, k.revoked_at] for k in found)
        return csv_response("api-keys", CSV_HEADER, rows, acting_user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.make_key(**form.cleaned_data, acting_user=user)
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        except DomainError as refused:
            form.add_error("name", str(refused))
        else:
            keep_to_show(request, "api key", made, now=timezone.now())
            return redirect("api-keys")
    context = {
        "keys": found,
        "form": form,
        "made": show_once(request, "api key", now=timezone.now()),
        "may_manage": user.is_administrator,
    }
    response = render(request, "rewards/delivery/api_keys.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """Let a key work no longer."""
    user, found = signed_in(request), get_object_or_404(ApiKey, pk=key_id)
    try:
        verbs.revoke_key(found.pk, acting_user=user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except DomainError as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"The key …{found.hint} works no longer.")
    return redirect("api-keys")
