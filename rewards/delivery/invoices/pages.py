"""Credits on invoices at /ledger/invoices/: what lowers which invoice, the file for Finance, and the way it goes."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from loyalty.core.changes.queries import pending_for
from loyalty.core.changes.verbs import propose_or_apply
from loyalty.core.chips import Chip, address, chosen
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.keyset import page_of
from loyalty.core.people.session import signed_in
from rewards.delivery.invoices import queries, verbs
from rewards.delivery.invoices.changing import KIND
from rewards.delivery.invoices.models import InvoiceCredit
from rewards.delivery.invoices.rules import CONNECTOR_CHOICES, CreditState

VIEWS = {"": "Lowered", CreditState.GIVEN_BACK.value: "Given back", CreditState.DUE.value: "Waiting"}


class ConnectorForm(forms.Form):
    """How credits reach invoices."""

    connector = forms.ChoiceField(choices=CONNECTOR_CHOICES, widget=forms.RadioSelect, label="Credits reach invoices")
    reason = forms.CharField(label="Reason", max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


@require_http_methods(["GET", "POST"])
def invoices(request: HttpRequest) -> HttpResponseBase:
    """What lowers which invoice, the latest first; Finance chooses the way."""
    user, query, kept = signed_in(request), request.GET, verbs.settings_now()
    view = chosen(query, "view", VIEWS)
    rows = InvoiceCredit.objects.filter(state=view or CreditState.APPLIED.value).select_related("invoice__account")
    if wants_csv(request):
        return csv_response("invoice-credits", queries.CSV_HEADER, queries.csv_rows(rows), acting_user=user)
    form = ConnectorForm(request.POST or None, initial={"connector": kept.connector})
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        values, reason = {"connector": form.cleaned_data["connector"]}, form.cleaned_data["reason"]
        try:
            change = propose_or_apply(KIND, verbs.ensure_settings().pk, values, reason, acting_user=user)
        except DomainError as refused:
            form.add_error(None, str(refused))
            status = refused.status
        else:
            waits = "Proposed. A member of Finance who is not you decides it."
            messages.success(request, waits if change else "Saved. It holds for invoices that are made from now on.")
            return redirect("change", change.pk) if change else redirect("invoice-credits")
    context = {
        "page": page_of(rows, ("-id",), query),
        "chips": [Chip(label, address(query, view=name), name == view) for name, label in VIEWS.items()],
        "csv_url": address(query, view=view, format="csv"),
        "kept": kept,
        "form": form,
        "pending": pending_for(KIND, 1),
    }
    return render(request, "rewards/delivery/invoices.html", context, status=status)
