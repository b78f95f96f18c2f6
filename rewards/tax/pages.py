"""Tax at /tax/: what persons received by year, the thresholds, and what is known of one person."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.records.models import Contact
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.chips import Chip, address, chosen
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.tax import queries, verbs
from rewards.tax.changing import KIND
from rewards.tax.forms import ProfileForm, ThresholdsForm
from rewards.tax.models import TaxablePayment
from rewards.tax.received import IS_GIVEN_BACK
from rewards.tax.rules import as_lines, thresholds_of

SHOWN = 200


@require_GET
def tax(request: HttpRequest) -> HttpResponseBase:
    """A calendar year: persons against their thresholds, and price reductions of companies beside them."""
    user, years = signed_in(request), queries.years()
    year = int(chosen(request.GET, "year", map(str, years)) or timezone.now().year)
    if request.GET.get("list") == "reductions" and wants_csv(request):
        rows = queries.reduction_rows(year)
        return csv_response(f"price-reductions-{year}", queries.REDUCTIONS_HEADER, rows, acting_user=user)
    found = queries.people(year)
    if wants_csv(request):
        return csv_response(f"tax-{year}", queries.CSV_HEADER, queries.people_rows(found), acting_user=user)
    reductions = queries.reductions(year)
    thresholds = verbs.thresholds_now()
    context = {
        "year": year,
        "people": found[:SHOWN],
        "hidden": max(len(found) - SHOWN, 0),
        "missing": sum(r.status == "form_missing" for r in found),
        "reductions": reductions[:SHOWN],
        "hidden_reductions": max(len(reductions) - SHOWN, 0),
        "thresholds": thresholds,
        "pending": pending_for(KIND, 1),
        "chips": [Chip(str(y), address(request.GET, year=str(y)), y == year) for y in years],
        "csv_url": address(request.GET, format="csv"),
        "reductions_url": address(request.GET, list="reductions", format="csv"),
    }
    return render(request, "rewards/tax/page.html", context)


@require_http_methods(["GET", "POST"])
def thresholds(request: HttpRequest) -> HttpResponse:
    """Propose other thresholds; Finance decides."""
    anew = written_anew(request.GET, KIND, 1) or {}
    stand = thresholds_of(anew) if anew else verbs.thresholds_now()
    form = ThresholdsForm(request.POST or None, initial=anew | {"lines": as_lines(stand)})
    if request.method == "POST" and form.is_valid():
        rules, data = verbs.ensure_rules(), form.cleaned_data
        try:
            return hand_in(request, KIND, rules.pk, data["lines"], data, back=("tax",))
        except DomainError as refused:
            form.add_error(None, str(refused))
    context = {"form": form, "pending": pending_for(KIND, 1)}
    return render(request, "rewards/tax/thresholds.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, contact_id: int) -> HttpResponse:
    """One person: what is known of them, and every payment."""
    user = signed_in(request)
    contact = get_object_or_404(Contact.objects.select_related("account"), pk=contact_id)
    profile = verbs.profile_of(contact)
    stands = {
        "recipient": profile.recipient,
        "country": profile.country,
        "form_filed_on": profile.form_filed_on,
        "has_tax_number": profile.has_tax_number,
    }
    form = ProfileForm(request.POST or None, initial=stands)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            verbs.set_profile(contact.pk, form.known, acting_user=user)
        except DomainError as refused:
            form.add_error(None, str(refused))
            status = refused.status
        else:
            messages.success(request, "Kept.")
            return redirect("tax-person", contact.pk)
    context = {
        "contact": contact,
        "form": form,
        "may_edit": is_member(user, Function.FINANCE),
        "payments": TaxablePayment.objects.filter(contact=contact)
        .annotate(is_given_back=IS_GIVEN_BACK)
        .select_related("offer")[:SHOWN],
        "profile": profile,
    }
    return render(request, "rewards/tax/person.html", context, status=status)
