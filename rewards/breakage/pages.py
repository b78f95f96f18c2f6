"""Breakage at /liability/breakage/: what the curves say, what Finance accepted, what each month recognised."""

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.charts.curves import Curve, curves
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.figures import month_text
from loyalty.core.people.session import signed_in
from rewards.breakage import queries
from rewards.breakage.changing import KIND
from rewards.breakage.example import SOURCE, worked_example
from rewards.breakage.forms import RateForm
from rewards.breakage.models import BreakageMonth
from rewards.breakage.rules.gate import allowed_from, is_allowed
from rewards.breakage.rules.survival import kaplan_meier
from rewards.breakage.verbs import rate_of_currency, values_of
from rewards.ledger.queries import breakage_ahead, currencies

CSV_HEADER = ["issued in", "age in months", "issued", "redeemed to date", "currency"]
SHOWN_COHORTS = 24


@require_http_methods(["GET", "POST"])
def breakage(request: HttpRequest) -> HttpResponseBase:
    """The curves with their estimate, the rate with its history, and a proposal of another."""
    held = currencies() or [settings.REPORTING_CURRENCY]
    asked = request.GET.get("currency", "")
    currency = asked if asked in held else held[0]
    today = timezone.now().date()
    form, refusal, status = RateForm(request.POST or None, initial=_initial(request, currency, today)), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _propose(request, currency, form, today)
            except DomainError as error:
                refusal, status = str(error), error.status
    this_month = today.replace(day=1)
    moved = queries.moves(currency, today.replace(day=1))
    cohorts = queries.curves_of(moved, this_month)
    if wants_csv(request):
        rows = (
            [f"{c.month:%Y-%m}", age, c.issued, amount, currency]
            for c in cohorts
            for age, amount in enumerate(c.redeemed)
        )
        return csv_response("breakage", CSV_HEADER, rows, acting_user=signed_in(request))
    context = _figures(currency, cohorts, today) | {"form": form, "refusal": refusal, "currency": currency}
    context["unused"] = [(s.time, s.survival) for s in kaplan_meier(queries.survival_of(moved, this_month))]
    context["chips"] = [{"label": c, "url": f"?currency={c}", "active": c == currency} for c in held]
    context["csv_url"] = f"?currency={currency}&format=csv"
    return render(request, "rewards/breakage/page.html", context, status=status)


def _propose(request: HttpRequest, currency: str, form: RateForm, today: date) -> HttpResponse:
    rate = rate_of_currency(currency, today)
    return hand_in(request, KIND, rate.pk, form.values, form.cleaned_data, back=("breakage",))


def _initial(request: HttpRequest, currency: str, today: date) -> dict[str, Any]:
    rate = queries.rate_now(currency)
    if rate and (anew := written_anew(request.GET, KIND, rate.pk)):
        return anew
    return {"percent": values_of(rate)["percent"] if rate else None, "effective_on": today.isoformat()}


def _figures(currency: str, cohorts: list[queries.CohortCurve], today: date) -> dict[str, Any]:
    rate, first = queries.rate_now(currency), queries.first_issue(currency)
    found = queries.estimate_of(cohorts)
    lines = [Curve(month_text(c.month), c.shares) for c in cohorts[-SHOWN_COHORTS:]]
    if found:
        lines.append(Curve("Expected", found.course, is_main=True))
    ages = range(max((len(c.redeemed) for c in cohorts[-SHOWN_COHORTS:]), default=0))
    return {
        "rate": rate,
        "in_force": queries.percent_in_force(currency, today),
        "ahead": breakage_ahead(currency),
        "first": first,
        "allowed_from": allowed_from(first) if first else None,
        "is_allowed": is_allowed(first, today),
        "estimate": found,
        "cohorts": [(c, c.shares) for c in cohorts[-SHOWN_COHORTS:]],
        "ages": ages,
        "picture": curves(lines, "Share of credits redeemed, by month of issue", "months since issue"),
        "months": BreakageMonth.objects.filter(currency=currency)[:24],
        "versions": rate.versions.all() if rate else [],
        "pending": pending_for(KIND, rate.pk) if rate else [],
        "example": worked_example(),
        "source": SOURCE,
        "today": today,
    }
