"""The contract-fit matrix at /rewards/fit/: the grid, its rules, one rule, a new one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.people.session import signed_in
from rewards.fit import queries, verbs
from rewards.fit.changing import KIND
from rewards.fit.forms import FitRuleForm, NewFitRuleForm
from rewards.fit.models import FitRule
from rewards.fit.rules import Contract, Verdict, terms_of


@require_GET
def matrix(request: HttpRequest) -> HttpResponseBase:
    """What goes with which contract, as a grid, and the rules behind it."""
    rules = queries.rules()
    if wants_csv(request):
        return csv_response("contract-fit", queries.CSV_HEADER, queries.csv_rows(rules), acting_user=signed_in(request))
    context = {"rules": rules, "grid": queries.grid(), "contracts": queries.CONTRACTS, "csv_url": "?format=csv"}
    return render(request, "rewards/fit/page.html", context)


@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """One rule: what it says, its history, and an edit of it."""
    found = get_object_or_404(FitRule, pk=rule_id)
    restored = _restored(found, request.GET.get("restore", ""))
    initial = written_anew(request.GET, KIND, found.pk) or restored or verbs.values_of(found)
    form = FitRuleForm(Verdict(found.verdict), request.POST or None, initial=initial, needs_reason=found.is_active)
    refusal, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                where = ("fit-rule", found.pk)
                return hand_in(request, KIND, found.pk, form.values, form.cleaned_data, back=where)
            except DomainError as error:
                refusal, status = str(error), error.status
    context = {"rule": found, "form": form, "refusal": refusal, "restores": bool(restored)}
    context |= {"versions": _versions(found), "pending": pending_for(KIND, found.pk)}
    return render(request, "rewards/fit/rule.html", context, status=status)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a rule that is not in force yet."""
    form = NewFitRuleForm(request.POST or None, initial={"verdict": Verdict.UNFIT.value})
    refusal, status = "", 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        contract, verdict = Contract(data["contract"]), Verdict(data["verdict"])
        try:
            made = verbs.create_rule(contract, verdict, {"kinds": data["kinds"]}, acting_user=signed_in(request))
        except DomainError as error:
            refusal, status = str(error), error.status
        else:
            messages.success(request, "Made. It holds once it is put in force.")
            return redirect("fit-rule", made.pk)
    return render(request, "rewards/fit/new.html", {"form": form, "refusal": refusal}, status=status)


def _restored(found: FitRule, version: str) -> dict[str, Any] | None:
    """The values of an earlier version, to be proposed again; whether it is in force stays as now."""
    number = int(version) if version.isdecimal() and len(version) < 9 else 0
    kept = found.versions.filter(version=number).exclude(version=found.version).first()
    if kept is None:
        return None
    return {**kept.values, "is_active": found.is_active, "reason": f"Back to version {number}."}


def _versions(found: FitRule) -> list[dict[str, Any]]:
    return [
        {
            "number": v.version,
            "says": terms_of(found.contract, found.verdict, v.values).in_words(),
            "is_active": v.values["is_active"],
            "effective_at": v.effective_at,
        }
        for v in found.versions.all()
    ]
