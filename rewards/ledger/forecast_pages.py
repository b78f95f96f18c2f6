"""The forecast at /liability/forecast/: what becomes of the credits that stand, and which invoices they lower."""

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from accounts.records.models import Account
from loyalty.core.charts.columns import columns
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.people.session import signed_in
from rewards.ledger.forecast import CSV_HEADER, Forecast, csv_rows, forecast_of
from rewards.ledger.snapshot import one_snapshot

MOST_SHOWN = 200


@require_GET
@vary_on_headers("HX-Request")
def forecast(request: HttpRequest) -> HttpResponseBase:
    """The next twelve months; of one month, each invoice and each lapse. Inside /liability/ only the months."""
    currency = request.GET.get("currency", "")[:3] or settings.REPORTING_CURRENCY
    with one_snapshot():
        found = forecast_of(currency, timezone.now().date())
        names = _names(found)
    if wants_csv(request):
        return csv_response("liability-forecast", CSV_HEADER, csv_rows(found, names), acting_user=signed_in(request))
    context: dict[str, Any] = {"forecast": found, "currency": currency, "last": found.rows[-1].month}
    used = [(row.month, row.used) for row in found.rows]
    context["picture"] = columns(used, "By how much credits lower invoices, by month", currency) if found.used else ""
    if request.headers.get("HX-Request") == "true":
        return render(request, "rewards/ledger/_forecast.html", context)
    month = _month(request.GET, found)
    chosen = [s for s in found.steps if month in (None, s.step.on.replace(day=1))]
    context |= {"month": month, "count": len(chosen), "csv_url": f"?currency={currency}&format=csv"}
    context["steps"] = [(s, names[s.account_id][1]) for s in chosen[:MOST_SHOWN]]
    return render(request, "rewards/ledger/forecast.html", context)


def _names(found: Forecast) -> dict[int, tuple[str, str]]:
    wanted = {step.account_id for step in found.steps}
    rows = Account.objects.filter(pk__in=wanted).values_list("pk", "external_id", "name")
    return {pk: (external_id, name) for pk, external_id, name in rows}


def _month(query: QueryDict, found: Forecast) -> date | None:
    """The month that is asked for, if it is one of the forecast."""
    asked = query.get("month", "")
    return next((row.month for row in found.rows if f"{row.month:%Y-%m}" == asked), None)
