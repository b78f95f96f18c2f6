"""The sources at /sources/: who sends what, whether it still comes, and the keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.sources import queries, verbs
from accounts.sources.forms import SourceForm
from accounts.sources.models import Source, SourceKey
from accounts.sources.rules import KIND_LABELS, Freshness, Kind, freshness
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.people.session import signed_in

CSV_HEADER = ("source", "system of record for", "also sends", "last received", "freshness", "keys")


@dataclass(frozen=True)
class Row:
    """One source as the list shows it."""

    source: Source
    records: list[str]
    others: list[str]
    freshness: Freshness
    keys: list[SourceKey]


@require_GET
def sources(request: HttpRequest) -> HttpResponseBase:
    """Every source with its freshness and its keys."""
    user = signed_in(request)
    rows = _rows(timezone.now())
    if wants_csv(request):
        return csv_response("sources", CSV_HEADER, map(_csv_row, rows), acting_user=user)
    return render(request, "accounts/sources/page.html", {"rows": rows, "may_manage": user.is_administrator})


def new_source(request: HttpRequest) -> HttpResponse:
    """Make a source; administrators only."""
    user = administrator(request)
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            source = verbs.create_source(**form.asked(), acting_user=user)
        except DomainError as refused:
            form.add_error("name", str(refused))
        else:
            return _with_key(request, source, verbs.make_key(source, acting_user=user))
    return render(request, "accounts/sources/new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def new_key(request: HttpRequest, source_id: int) -> HttpResponse:
    """Make a key and show it, this once; the keys before it end in 24 hours."""
    user, source = administrator(request), get_object_or_404(Source, pk=source_id)
    return _with_key(request, source, verbs.make_key(source, acting_user=user))


@require_POST
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Let a key work no longer."""
    user, key = administrator(request), get_object_or_404(SourceKey.objects.select_related("source"), pk=key_id)
    try:
        verbs.revoke_key(key, acting_user=user)
    except DomainError as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"The key {key} works no longer.")
    return redirect("sources")


def administrator(request: HttpRequest) -> User:
    """Who is asking; anybody but an administrator gets the page that says so (403)."""
    user = signed_in(request)
    try:
        check_administrator(user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    return user


def _with_key(request: HttpRequest, source: Source, key: str) -> HttpResponse:
    """The page with the fresh key on it; the key is never in an address and never kept by a browser."""
    rows = _rows(timezone.now())
    context: dict[str, Any] = {"rows": rows, "may_manage": True, "made": {"source": source, "key": key}}
    context["address"] = request.build_absolute_uri("/")
    response = render(request, "accounts/sources/page.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _rows(now: datetime) -> list[Row]:
    return [_row(source, now) for source in queries.all_sources(now=now)]


def _row(source: Source, now: datetime) -> Row:
    kinds = [(KIND_LABELS[Kind(k.kind)], k.is_active) for k in source.kinds.all()]
    return Row(
        source=source,
        records=[label for label, is_active in kinds if is_active],
        others=[label for label, is_active in kinds if not is_active],
        freshness=freshness(source.last_received_at, source.expected_every, now),
        keys=list(getattr(source, "working_keys", [])),
    )


def _csv_row(row: Row) -> list[object]:
    keys = ", ".join(f"…{key.hint}" for key in row.keys)
    records, others = ", ".join(row.records), ", ".join(row.others)
    return [row.source.name, records, others, row.source.last_received_at, row.freshness.value, keys]
