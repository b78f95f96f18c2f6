"""Credits on invoices at /ledger/invoices/: what lowers which invoice, how far each is, and the way it goes."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.core.changes.forms import ProposalForm, ReasonField
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.chips import Chip, address, chosen
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.keyset import page_of
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.delivery.invoices import queries, verbs
from rewards.delivery.invoices.changing import KIND
from rewards.delivery.invoices.models import InvoiceCredit
from rewards.delivery.invoices.rules import CONNECTOR_CHOICES, KIND_WORDS, ChangeKind, ChangeState, CreditState

# View → what it is called, and the states that it shows.
VIEWS = {
    "": ("Lowered", [CreditState.APPLIED]),
    "under_way": ("On the way", [CreditState.DUE, CreditState.SENDING, CreditState.VOIDED, CreditState.RETURNING]),
    "given_back": ("Given back", [CreditState.GIVEN_BACK]),
    "not_lowered": ("Not lowered", [CreditState.LATE, CreditState.REFUSED]),
}


class ConnectorForm(ProposalForm):
    """How credits reach invoices."""

    connector = forms.ChoiceField(choices=CONNECTOR_CHOICES, widget=forms.RadioSelect, label="Credits reach invoices")
    reason = ReasonField(help_text="")


@require_http_methods(["GET", "POST"])
def invoices(request: HttpRequest) -> HttpResponseBase:
    """What lowers which invoice, the latest first; Finance chooses the way."""
    user, query, kept = signed_in(request), request.GET, verbs.settings_now()
    view = chosen(query, "view", VIEWS)
    rows = InvoiceCredit.objects.filter(state__in=VIEWS[view][1]).select_related("invoice__account")
    if wants_csv(request):
        return csv_response("invoice-credits", queries.CSV_HEADER, queries.csv_rows(rows), acting_user=user)
    initial = written_anew(request.GET, KIND, kept.pk or 0) or {"connector": kept.connector}
    form = ConnectorForm(request.POST or None, initial=initial)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        values = {"connector": form.cleaned_data["connector"]}
        try:
            saved, where = "Saved. It holds for invoices that are made from now on.", ("invoice-credits",)
            return hand_in(
                request, KIND, verbs.ensure_settings().pk, values, form.cleaned_data, back=where, saved=saved
            )
        except DomainError as refused:
            form.add_error(None, str(refused))
            status = refused.status
    context = {
        "page": page_of(rows, ("-id",), query),
        "chips": [Chip(label, address(query, view=name), name == view) for name, (label, _) in VIEWS.items()],
        "csv_url": address(query, view=view, format="csv"),
        "kept": kept,
        "form": form,
        "pending": pending_for(KIND, 1),
    }
    return render(request, "rewards/delivery/invoices.html", context, status=status)


@require_GET
def credit(request: HttpRequest, credit_id: int) -> HttpResponse:
    """One invoice: what credit did to it, and what billing was asked for and answered."""
    user = signed_in(request)
    rows = InvoiceCredit.objects.select_related("invoice__account")
    found = get_object_or_404(rows, pk=credit_id)
    changes = found.changes.prefetch_related("log")
    context = {
        "credit": found,
        "changes": [(KIND_WORDS[ChangeKind(change.kind)], change) for change in changes],
        "may_send": is_member(user, Function.FINANCE)
        and (found.state == CreditState.REFUSED or any(c.state == ChangeState.FAILED for c in changes)),
    }
    return render(request, "rewards/delivery/invoice_credit.html", context)


@require_POST
def send_again(request: HttpRequest, credit_id: int) -> HttpResponse:
    """Ask billing again for what failed."""
    found = get_object_or_404(InvoiceCredit, pk=credit_id)
    try:
        verbs.send_again(found.pk, acting_user=signed_in(request))
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except DomainError as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "Stripe is asked again within seconds.")
    return redirect("invoice-credit", found.pk)
