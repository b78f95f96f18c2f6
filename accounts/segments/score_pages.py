"""The RFM scores at /segments/scores/: the cut points in force, who has which score, and the choice of money."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.facts.scores.changing import KIND, THE_TERMS
from accounts.facts.scores.models import ScoreCuts
from accounts.facts.scores.queries import latest_cuts, terms
from accounts.facts.scores.rules import MONETARY_LABELS, Monetary
from accounts.segments.bands import SCORES, frequency_bands, money_bands, recency_bands
from accounts.segments.forms import MonetaryForm
from accounts.segments.listing import score_counts
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.charts.tally import tally
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.people.session import signed_in
from loyalty.core.periods import quarter_of

EARLIER = 8
CSV_HEADER = ("measure", "score", "means", "accounts")


@require_http_methods(["GET", "POST"])
def scores(request: HttpRequest) -> HttpResponseBase:
    """What each score means and who has it; another measure of money is proposed to Finance."""
    now, held = terms(), latest_cuts()
    initial = written_anew(request.GET, KIND, THE_TERMS) or {"monetary": now.monetary}
    form = MonetaryForm(request.POST or None, initial=initial)
    measures = _measures(held)
    if wants_csv(request):
        return csv_response("scores", CSV_HEADER, _cells(measures), acting_user=signed_in(request))
    context: dict[str, Any] = {
        "form": form,
        "held": held,
        "until": quarter_of(held.quarter).ends_on if held else None,
        "measures": measures,
        "by": MONETARY_LABELS[Monetary(held.monetary if held else now.monetary)],
        "earlier": ScoreCuts.objects.order_by("-from_day", "-id")[1 : EARLIER + 1],
        "pending": pending_for(KIND, THE_TERMS),
        "csv_url": "?format=csv",
    }
    if request.method != "POST" or not form.is_valid():
        return _render(request, context, 422 if form.errors else 200)
    values = {"monetary": form.cleaned_data["monetary"]}
    try:
        return hand_in(request, KIND, THE_TERMS, values, form.cleaned_data, back=("segment-scores",))
    except DomainError as refusal:
        return _render(request, context | {"refusal": str(refusal)}, refusal.status)


def _render(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    return render(request, "accounts/segments/scores.html", context, status=status)


def _measures(held: ScoreCuts | None) -> list[dict[str, Any]]:
    counts = score_counts()
    bands = {
        "recency": recency_bands(held.recency if held else None),
        "frequency": frequency_bands(held.frequency if held else None),
        "money": money_bands(held.money if held else None, settings.REPORTING_CURRENCY),
    }
    told = {
        "recency": ("Recency", "Days since the last sign-in or key action"),
        "frequency": ("Frequency", "Key actions in 30 days"),
        "money": ("Monetary", MONETARY_LABELS[Monetary(held.monetary)] if held else "Not cut yet"),
    }
    return [_measure(name, *words, bands[name], counts[name], held) for name, words in told.items()]


def _measure(
    name: str, label: str, says: str, bands: list[str], counts: dict[int | None, int], held: ScoreCuts | None
) -> dict[str, Any]:
    rows = [(score, band, counts.get(score, 0)) for score, band in zip(SCORES, bands, strict=False)]
    unknown = counts.get(None, 0)
    drawn = [(f"Score {score}", count) for score, _, count in rows] + [("Unknown", unknown)]
    return {
        "label": label,
        "says": says,
        "rows": rows,
        "unknown": unknown,
        "picture": tally(drawn, f"Accounts by {label.lower()} score") if rows else "",
        "counted": getattr(held, f"counted_{name}") if held else 0,
    }


def _cells(measures: list[dict[str, Any]]) -> list[list[object]]:
    return [[m["label"], score, band, count] for m in measures for score, band, count in m["rows"]]
