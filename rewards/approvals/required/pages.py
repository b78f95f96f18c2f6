"""The rules of approval at /settings/approvals/: who must approve what, one rule, a new one."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.approvals.required import verbs
from rewards.approvals.required.forms import ApprovalRuleForm, NewApprovalRuleForm
from rewards.approvals.required.models import ApprovalRule
from rewards.approvals.required.rules import terms_of

CSV_HEADER = ("rule", "says", "approver", "in_force", "version")


@require_GET
def rules(request: HttpRequest) -> HttpResponseBase:
    """Every rule, those in force first."""
    found = [(rule, _says(rule)) for rule in ApprovalRule.objects.order_by("-is_active", "id")]
    if wants_csv(request):
        rows = ([r.name, says, r.get_function_display(), r.is_active, r.version] for r, says in found)
        return csv_response("approval-rules", CSV_HEADER, rows, acting_user=signed_in(request))
    return render(request, "rewards/approvals/rules.html", {"rules": found})


@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """One rule: what it says, its versions, and an edit of it."""
    found = get_object_or_404(ApprovalRule, pk=rule_id)
    restored = _restored(found, request.GET.get("restore", ""))
    begun = written_anew(request.GET, verbs.KIND, found.pk) or restored or verbs.values_of(found)
    form = ApprovalRuleForm(request.POST or None, initial=_initial(begun), needs_reason=found.is_active)
    refusal, status = "", 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            where = ("approval-rule", found.pk)
            return hand_in(request, verbs.KIND, found.pk, form.values, form.cleaned_data, back=where)
        except DomainError as error:
            refusal, status = str(error), error.status
    context = {"rule": found, "says": _says(found), "form": form, "refusal": refusal, "restores": bool(restored)}
    context |= {"versions": _versions(found), "pending": pending_for(verbs.KIND, found.pk)}
    return render(request, "rewards/approvals/rule.html", context, status=status)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a rule that is not in force yet."""
    form = NewApprovalRuleForm(request.POST or None)
    refusal, status = "", 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            function = Function(form.cleaned_data["function"])
            made = verbs.create_rule(function, form.values, acting_user=signed_in(request))
        except DomainError as error:
            refusal, status = str(error), error.status
        else:
            messages.success(request, "Made. It holds once it is put in force.")
            return redirect("approval-rule", made.pk)
    return render(request, "rewards/approvals/new_rule.html", {"form": form, "refusal": refusal}, status=status)


def _says(rule: ApprovalRule) -> str:
    return rule.terms.in_words(settings.REPORTING_CURRENCY)


def _initial(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"in_sequence": "yes" if values["in_sequence"] else "no"}


def _restored(found: ApprovalRule, version: str) -> dict[str, Any] | None:
    """The values of an earlier version, to be proposed again; whether it is in force stays as now."""
    number = int(version) if version.isdecimal() and len(version) < 9 else 0
    kept = found.versions.filter(version=number).exclude(version=found.version).first()
    if kept is None:
        return None
    return {**kept.values, "is_active": found.is_active, "reason": f"Back to version {number}."}


def _versions(found: ApprovalRule) -> list[dict[str, Any]]:
    return [
        {
            "number": v.version,
            "says": terms_of(found.function, v.values).in_words(settings.REPORTING_CURRENCY),
            "is_active": v.values["is_active"],
            "effective_at": v.effective_at,
        }
        for v in found.versions.all()
    ]
