"""Affordability at /affordability/: whether the programme can be afforded, and the assumptions that this rests on."""

from datetime import date
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.affordability import queries, showing
from rewards.affordability.forms import AssumptionsForm
from rewards.affordability.models import AssumptionSetVersion
from rewards.affordability.rules.answer import answer, ltv_to_cac_text, payback_text
from rewards.affordability.rules.assumptions import (
    ASSUMPTIONS,
    FIELD_LABELS,
    UNSET,
    assumptions_of,
    field_in_words,
    figures_in_words,
)
from rewards.affordability.rules.economics import Side
from rewards.affordability.verbs import KIND, ONLY, ensure_set
from rewards.ledger.queries import breakage_ahead, liability

SHOWN_VERSIONS = 24


@require_GET
def affordability(request: HttpRequest) -> HttpResponseBase:
    """The answer: guardrails, unit economics before and after rewards, discount rates, breakage."""
    currency, user = settings.REPORTING_CURRENCY, signed_in(request)
    found, kept, tiers = queries.found_now(), queries.assumptions_now(), queries.tier_names()
    assumed = assumptions_of(kept.values)
    told = answer(found.cells, assumed, tiers, queries.waiting_now(), currency)
    if wants_csv(request):
        return csv_response("affordability", showing.CSV_HEADER, showing.csv_rows(told, currency), acting_user=user)
    ahead, owed = breakage_ahead(currency), liability(currency)
    context = {
        "found": found,
        "told": told,
        "assumed": kept,
        "lines": showing.table(told, currency),
        "columns": [*(group.label for group in told.groups), told.whole.label],
        "picture": showing.picture(told, assumed.least_ltv_to_cac),
        "before": _told(told.whole.before),
        "after": _told(told.whole.after),
        "missing": ", ".join(told.whole.missing),
        "breakage": {"face": owed + ahead, "ahead": ahead, "owed": owed},
        "left_out": _left_out(found),
        "figures": _figures(kept.values, tiers),
        "currency": currency,
        "pending": pending_for(KIND, ONLY),
        "csv_url": "?format=csv",
    }
    return render(request, "rewards/affordability/page.html", context)


def _told(side: Side) -> dict[str, Any]:
    return {"ratio": showing.told_of(ltv_to_cac_text(side)), "payback": payback_text(side)}


def _left_out(found: queries.Found) -> dict[str, Any]:
    """Who and what the table does not hold: nothing is guessed."""
    nowhere = [cell for cell in found.cells if cell.plan_segment is None]
    return {
        "unplaced": sum(cell.paying for cell in nowhere),
        "unplaced_cost": sum(cell.cost for cell in nowhere),
        "unknown": sum(cell.unknown for cell in found.cells),
        "unrated": sum(cell.unrated for cell in found.cells),
    }


def _figures(values: dict[str, Any], tiers: dict[str, str]) -> list[dict[str, Any]]:
    currency = settings.REPORTING_CURRENCY
    told = []
    for name, figure in ASSUMPTIONS.items():
        kept = values[name]
        as_of = date.fromisoformat(kept["as_of"]) if kept else None
        words = figures_in_words(name, kept, currency, tiers)
        told.append({"label": figure.label, "unset": figure.unset, "told": words, "kept": kept, "as_of": as_of})
    return told


def _versions(tiers: dict[str, str]) -> list[dict[str, Any]]:
    """What each version changed, the newest first; before the first nothing was set."""
    kept = list(AssumptionSetVersion.objects.all()[: SHOWN_VERSIONS + 1])
    values = [*(version.values for version in kept), dict(UNSET)]
    told = []
    for version, (now, before) in zip(kept, pairwise(values), strict=True):
        lines = [
            f"{FIELD_LABELS[name]}: {field_in_words(name, now[name], settings.REPORTING_CURRENCY, tiers)}"
            for name in ASSUMPTIONS
            if now[name] != before[name]
        ]
        told.append({"number": version.version, "at": version.effective_at, "told": lines})
    return told[:SHOWN_VERSIONS]


@require_http_methods(["GET", "POST"])
def assumptions(request: HttpRequest) -> HttpResponse:
    """The assumptions: Finance sets them once, and proposes what is others from then on."""
    kept, tiers = queries.assumptions_now(), queries.tier_names()
    at_once = not kept.is_set and is_member(signed_in(request), Function.FINANCE)
    begins = written_anew(request.GET, KIND, ONLY) or kept.values
    form = AssumptionsForm(request.POST or None, begins=begins, tiers=tiers, needs_reason=not at_once)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            return hand_in(request, KIND, ensure_set().pk, form.values, form.cleaned_data, back=("affordability",))
        except DomainError as refused:
            form.add_error(None, str(refused))
            status = refused.status
    context = {
        "form": form,
        "assumed": kept,
        "at_once": at_once,
        "versions": _versions(tiers),
        "pending": pending_for(KIND, ONLY),
    }
    return render(request, "rewards/affordability/assumptions.html", context, status=status)
