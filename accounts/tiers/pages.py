"""Tiers at /tiers/: who holds which, who is about to fall, who moved; and the scheme behind it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.facts.queries import latest_day
from accounts.sources.freshness import stale_sources
from accounts.sources.rules import Kind
from accounts.tiers import queries
from accounts.tiers.changing import KIND
from accounts.tiers.falling import falling
from accounts.tiers.forms import SchemeForm, initial_of
from accounts.tiers.models import TierScheme, TierSchemeVersion
from accounts.tiers.rules import clean_values, scheme_of
from accounts.tiers.verbs import SCHEME_ID
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.changes.registry import measured_impact
from loyalty.core.chips import id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.keyset import page_of
from loyalty.core.people.session import signed_in

MOVES_A_PAGE = 20


@require_GET
def tiers(request: HttpRequest) -> HttpResponseBase:
    """The ranks with their holders, the accounts about to fall, and the latest moves."""
    scheme, day = queries.scheme_now(), latest_day()
    if scheme is None:
        return render(request, "accounts/tiers/page.html", {"scheme": None})
    if wants_csv(request):
        rows = queries.csv_rows(scheme.scheme, day)
        return csv_response("tiers", queries.CSV_HEADER, rows, acting_user=signed_in(request))
    held, without = queries.holders(scheme.scheme, day)
    context: dict[str, Any] = {
        "scheme": scheme.scheme,
        "version": scheme.version,
        "day": day,
        "held": held,
        "without": without,
        "falling": falling(scheme.scheme),
        "page": page_of(queries.moves(), ["-day", "-id"], request.GET, size=MOVES_A_PAGE),
        "versions": _versions(),
        "pending": pending_for(KIND, SCHEME_ID),
        "stale": stale_sources([Kind.USAGE], now=timezone.now()),
    }
    return render(request, "accounts/tiers/page.html", context)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Propose another scheme: it is always in force, so a colleague of Product decides."""
    kept = get_object_or_404(TierScheme, pk=SCHEME_ID)
    form = SchemeForm(request.POST or None, initial=_initial(request, kept))
    refusal, status = "", 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            return hand_in(request, KIND, SCHEME_ID, form.values, form.cleaned_data, back=("tiers",))
        except DomainError as error:
            refusal, status = str(error), error.status
    return render(request, "accounts/tiers/edit.html", {"form": form, "refusal": refusal}, status=status)


@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """Who would move under the scheme in the form, and what it would cost."""
    kept = get_object_or_404(TierScheme, pk=SCHEME_ID)
    form = SchemeForm({**request.GET.dict(), "reason": "a preview"})
    sentences: list[str] = []
    wrong = "Complete the tiers to see who would move."
    if form.is_valid():
        try:
            values = clean_values(kept.values, form.values)
            sentences, wrong = measured_impact(KIND, SCHEME_ID, values), ""
        except DomainError as error:
            wrong = str(error)
    return render(request, "accounts/tiers/_preview.html", {"sentences": sentences, "wrong": wrong})


def _initial(request: HttpRequest, kept: TierScheme) -> dict[str, Any]:
    if anew := written_anew(request.GET, KIND, SCHEME_ID):
        return anew | initial_of(anew)
    version = id_in(request.GET, "restore")
    earlier = TierSchemeVersion.objects.filter(version=version).exclude(version=kept.version).first()
    if earlier:
        return {**initial_of(earlier.values), "reason": f"Back to version {version}."}
    return initial_of(kept.values)


def _versions() -> list[dict[str, Any]]:
    told = []
    for version in TierSchemeVersion.objects.all():
        scheme = scheme_of(version.values)
        tiers = ", ".join(f"{step.name} {scheme.range_of(step.key)}" for step in scheme.steps)
        words = f"{tiers} {scheme.metric.label}. {scheme.downgrade_words()}"
        told.append({"number": version.version, "words": words, "effective_at": version.effective_at})
    return told
