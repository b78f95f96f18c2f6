"""Rates at /liability/rates/: what another currency and a point are worth, from which day, by whose word."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.money import POINTS
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.rates import queries
from rewards.rates.changing import KIND, OBJECT
from rewards.rates.forms import FileForm, PointsForm, RateForm
from rewards.rates.verbs import TakenIn, keep_rates, take_in

SHOWN = 24
CURRENCY_IDS, POINTS_IDS = "currency_%s", "points_%s"


@require_GET
def rates(request: HttpRequest) -> HttpResponseBase:
    """All rates by unit, with forms for more."""
    if wants_csv(request):
        return csv_response("rates", queries.CSV_HEADER, queries.csv_rows(), acting_user=signed_in(request))
    return _page(request)


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep one rate of a currency."""
    form = RateForm(request.POST, auto_id=CURRENCY_IDS)
    if not form.is_valid():
        return _page(request, status=422, rate_form=form)
    try:
        found = keep_rates([form.rate], acting_user=signed_in(request))
    except DomainError as error:
        return _page(request, refusal=str(error), status=error.status, rate_form=form)
    if found.refused:
        return _page(request, refusal=found.refused[0][1], status=422, rate_form=form)
    messages.success(request, "Kept." if found.kept else "That rate stood already.")
    return redirect("unit-rates")


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Keep the rates of a file; what is refused is told line by line, the rest goes in."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, status=422, file_form=form)
    try:
        found = take_in(form.cleaned_data["file"], acting_user=signed_in(request))
    except DomainError as error:
        return _page(request, refusal=str(error), status=error.status, file_form=form)
    return _page(request, taken_in=found, status=422 if found.refused else 200)


@require_POST
def propose_points(request: HttpRequest) -> HttpResponse:
    """Propose what a point is worth; a member of Finance who is not the proposer decides."""
    form = PointsForm(request.POST, auto_id=POINTS_IDS)
    if not form.is_valid():
        return _page(request, status=422, points_form=form)
    try:
        return hand_in(request, KIND, OBJECT, form.values, form.cleaned_data, back=("unit-rates",))
    except DomainError as error:
        return _page(request, refusal=str(error), status=error.status, points_form=form)


def _page(
    request: HttpRequest, *, refusal: str = "", status: int = 200, taken_in: TakenIn | None = None, **forms: Any
) -> HttpResponse:
    today = timezone.now().date()
    kept = queries.kept()
    context = {
        "kept": [(unit, rows[0], rows[:SHOWN], len(rows)) for unit, rows in kept.items()],
        "has_points": POINTS in kept,
        "pending": pending_for(KIND, OBJECT),
        "may_keep": is_member(signed_in(request), Function.FINANCE),
        "reporting": settings.REPORTING_CURRENCY,
        "rate_form": RateForm(initial={"effective_on": today.isoformat()}, auto_id=CURRENCY_IDS),
        "file_form": FileForm(),
        "points_form": PointsForm(
            initial=written_anew(request.GET, KIND, OBJECT) or {"effective_on": today.isoformat()}, auto_id=POINTS_IDS
        ),
        "refusal": refusal,
        "taken_in": taken_in,
        "today": today,
    }
    return render(request, "rewards/rates/page.html", context | forms, status=status)
