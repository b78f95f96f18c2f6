"""One source at /sources/<id>/: what it is the record for, what it sent, what was refused and why, and its keys."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.intake import queries
from accounts.intake.refusals import by_code, refusals_of
from accounts.sources.forms import ExpectationForm
from accounts.sources.models import Source
from accounts.sources.pages import row_of
from accounts.sources.queries import all_sources, records
from accounts.sources.rules import KIND_LABELS, Kind
from loyalty.core.people.session import signed_in
from loyalty.core.showing import show_once


@dataclass(frozen=True)
class Told:
    """A kind of data, whether this source sends it, and whose word on it is taken in."""

    kind: Kind
    label: str
    is_record: bool
    is_sent: bool
    record: str


@require_GET
def source(request: HttpRequest, source_id: int) -> HttpResponse:
    """One source: as a fragment beside the list, or as a page of its own, which also shows a fresh key once."""
    user, now = signed_in(request), timezone.now()
    found = all_sources(now=now).filter(pk=source_id).first()
    if found is None:
        raise Http404("There is no such source.")
    context: dict[str, Any] = {
        "row": row_of(found, refusals_of([found.pk]).get(found.pk), now),
        "source": found,
        "kinds": _kinds(found),
        "totals": queries.totals(now, found.pk),
        "reasons": by_code(found.pk),
        "may_manage": user.is_administrator,
        "form": ExpectationForm(initial={"expected_hours": round(found.expected_every / timedelta(hours=1))}),
    }
    if getattr(request, "htmx", False):
        return render(request, "accounts/sources/_source.html", context)
    made = show_once(request, f"key of source {found.pk}", now=now)
    context |= {"made": made, "address": request.build_absolute_uri("/")}
    response = render(request, "accounts/sources/source.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _kinds(found: Source) -> list[Told]:
    sent, told = {k.kind: k.is_active for k in found.kinds.all()}, records()
    return [
        Told(kind, label, sent.get(kind.value, False), kind.value in sent, told.get(kind, ""))
        for kind, label in KIND_LABELS.items()
    ]
