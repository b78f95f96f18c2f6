"""The dry run at /campaigns/trial/: one account, and what each campaign would do for it now."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.records.models import Account
from loyalty.core.chips import address, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.people.session import signed_in
from rewards.campaigns.trial import try_out
from rewards.caps.scopes import account_key

CSV_HEADER = ("campaign", "status", "trigger", "outcome", "would_offer", "why")


class TrialForm(forms.Form):
    """Which account: by its id in the CRM, or its exact name."""

    account = forms.CharField(label="Account, by its id in the CRM or its exact name", max_length=300)

    def clean_account(self) -> Account:
        try:
            return Account.objects.get(pk=int(account_key(self.cleaned_data["account"])))
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


@require_GET
def trial(request: HttpRequest) -> HttpResponseBase:
    """The form, and the campaigns once an account is named; `of` names it by its id here, as links do."""
    linked = Account.objects.filter(pk=id_in(request.GET, "of")).first()
    form = TrialForm({"account": linked.external_id} if linked else request.GET or None)
    account = form.cleaned_data["account"] if form.is_bound and form.is_valid() else None
    rows = try_out(account, now=timezone.now()) if account else []
    if account and wants_csv(request):
        lines = ([t.campaign.name, t.campaign.status, t.trigger, t.outcome, t.would, t.why] for t in rows)
        return csv_response("dry-run", CSV_HEADER, lines, acting_user=signed_in(request))
    status = 422 if form.is_bound and not account else 200
    context = {"form": form, "account": account, "rows": rows, "csv_url": address(request.GET, format="csv")}
    return _shown(request, context, status)


def _shown(request: HttpRequest, context: dict[str, object], status: int) -> HttpResponse:
    return render(request, "rewards/campaigns/trial.html", context, status=status)
