"""The audit at /audit/: searched, one line beside the list, and as CSV."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from loyalty.core.audit import queries, sealing
from loyalty.core.audit.forms import AuditSearch
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb, differences
from loyalty.core.audit.verbs import Actor
from loyalty.core.chips import Chip, address, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.keyset import page_of

SHOWN_AS = {
    "q": "“{}”",
    "object_type": "object: {}",
    "object_id": "number {}",
    "since": "from {}",
    "until": "to {}",
}


@require_GET
def audit(request: HttpRequest) -> HttpResponseBase:
    """Who did what, newest first."""
    query = request.GET
    form = AuditSearch(query)
    form.offer_people(queries.people())
    form.full_clean()
    rows = queries.searched(form.cleaned_data)
    if wants_csv(request):
        # People stand above the audit; LoginRequiredMiddleware has seen to it that this is one.
        who = cast(Actor, request.user)
        return csv_response("audit", queries.CSV_HEADER, queries.csv_rows(rows), acting_user=who)
    page = page_of(rows, queries.SORTED_BY, query)
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "rows": [(line, queries.title_of(line)) for line in page.rows],
        "chips": [
            Chip(_label(name, value, form), address(query, **{name: ""}), active=True)
            for name, value in form.cleaned_data.items()
            if value
        ],
        "csv_url": address(query, format="csv"),
        "here": address(query),
        "last_seal": sealing.last_seal(),
    }
    if line := AuditLine.objects.select_related("typed").filter(pk=id_in(query, "open")).first():
        context |= _detail(line)
    return render(request, "core/audit/page.html", context)


@require_GET
def audit_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """One line with what stood before and after: as a fragment beside the list, or as a page of its own."""
    context = _detail(get_object_or_404(AuditLine.objects.select_related("typed"), pk=line_id))
    name = "_line" if getattr(request, "htmx", False) else "line"
    return render(request, f"core/audit/{name}.html", context)


def _detail(line: AuditLine) -> dict[str, Any]:
    return {
        "line": line,
        "line_title": queries.title_of(line),
        "differences": differences(line.before, line.after),
        "told_before": bool(line.before),
        "seal": sealing.seal_of(line.pk),
    }


def _label(name: str, value: object, form: AuditSearch) -> str:
    if name == "who":
        return dict(queries.people()).get(str(value), str(value))
    if name == "verb":
        return AuditVerb(str(value)).label
    return SHOWN_AS[name].format(value)
