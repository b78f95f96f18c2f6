"""The sources at /sources/: who sends what, whether it still comes, and the keys."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.sources import queries, verbs
from accounts.sources.forms import ExpectationForm, RecordForm, SourceForm
from accounts.sources.models import Source, SourceKey
from accounts.sources.refusals import Refusals, refusals_of
from accounts.sources.rules import KIND_LABELS, Freshness, Kind, freshness
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.people.session import signed_in
from loyalty.core.showing import keep_to_show

CSV_HEADER = (
    *("source", "system of record for", "also sends", "last received", "freshness", "keys"),
    *("refused", "last refused", "last refusal"),
)


@dataclass(frozen=True)
class Row:
    """One source as the list shows it."""

    source: Source
    records: list[str]
    others: list[str]
    freshness: Freshness
    keys: list[SourceKey]
    refusals: Refusals | None


@require_GET
def sources(request: HttpRequest) -> HttpResponseBase:
    """Every source with its freshness and its keys, and what it had refused."""
    user = signed_in(request)
    found = list(queries.all_sources(now=timezone.now()))
    refused = refusals_of(source.pk for source in found)
    rows = [row_of(source, refused.get(source.pk), timezone.now()) for source in found]
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
            return _with_key(request, source, user)
    return render(request, "accounts/sources/new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def new_key(request: HttpRequest, source_id: int) -> HttpResponse:
    """Make a key; the page of the source shows it this once, and the keys before it end in 24 hours."""
    return _with_key(request, get_object_or_404(Source, pk=source_id), administrator(request))


@require_POST
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Let a key work no longer."""
    user, key = administrator(request), get_object_or_404(SourceKey.objects.select_related("source"), pk=key_id)
    _say(request, lambda: verbs.revoke_key(key, acting_user=user), f"The key {key} works no longer.")
    return redirect("source", key.source_id)


@require_POST
def set_record(request: HttpRequest, source_id: int) -> HttpResponse:
    """Let a source be the system of record for a kind of data."""
    user, source = administrator(request), get_object_or_404(Source, pk=source_id)
    form = RecordForm(request.POST)
    if not form.is_valid():
        raise BadRequest("There is no such kind of data.")
    kind = form.asked()
    done = f"{source.name} is the system of record for {KIND_LABELS[kind]} from now on."
    _say(request, lambda: verbs.make_system_of_record(source, kind, acting_user=user), done)
    return redirect("source", source.pk)


@require_POST
def set_expectation(request: HttpRequest, source_id: int) -> HttpResponse:
    """Set how often a source is expected to send."""
    user, source = administrator(request), get_object_or_404(Source, pk=source_id)
    form = ExpectationForm(request.POST)
    if form.is_valid():
        verbs.expect_every(source, form.expected_every(), acting_user=user)
        messages.success(
            request, f"{source.name} is expected at least every {form.cleaned_data['expected_hours']} hours."
        )
    else:
        messages.warning(request, f"Expected at least every: {form.errors['expected_hours'][0]}")
    return redirect("source", source.pk)


def administrator(request: HttpRequest) -> User:
    """Who is asking; anybody but an administrator gets the page that says so (403)."""
    user = signed_in(request)
    try:
        check_administrator(user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    return user


def row_of(source: Source, refusals: Refusals | None, now: datetime) -> Row:
    """A source of `all_sources` as the list shows it."""
    kinds = [(KIND_LABELS[Kind(k.kind)], k.is_active) for k in source.kinds.all()]
    return Row(
        source=source,
        records=[label for label, is_active in kinds if is_active],
        others=[label for label, is_active in kinds if not is_active],
        freshness=freshness(source.last_received_at, source.expected_every, now),
        keys=list(getattr(source, "working_keys", [])),
        refusals=refusals,
    )


def _with_key(request: HttpRequest, source: Source, user: User) -> HttpResponse:
    """To the page that shows the key; sending this form again would make another one."""
    key = verbs.make_key(source, acting_user=user)
    keep_to_show(request, f"key of source {source.pk}", key, now=timezone.now())
    return redirect("source", source.pk)


def _say(request: HttpRequest, act: Callable[[], None], done: str) -> None:
    try:
        act()
    except DomainError as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, done)


def _csv_row(row: Row) -> list[object]:
    keys = ", ".join(f"…{key.hint}" for key in row.keys)
    told = row.refusals
    refused = [told.count, told.at, told.reason] if told else [0, None, ""]
    records, others = ", ".join(row.records), ", ".join(row.others)
    return [row.source.name, records, others, row.source.last_received_at, row.freshness.value, keys, *refused]
