"""What came in at /events/: accepted or refused, with the reason, one of them beside the list."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.intake import queries
from accounts.intake.queries import OUTCOMES, REFUSED, SORTED_BY
from loyalty.core.chips import Chip, address, chip, chosen, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.session import signed_in

PAGE_SIZE = 50


@require_GET
def events(request: HttpRequest) -> HttpResponseBase:
    """The newest of everything, or page by page what was accepted or refused."""
    query = request.GET
    kind, source_id = chosen(query, "outcome", OUTCOMES), id_in(query, "source")
    text = query.get("q", "").replace("\0", "").strip()
    if wants_csv(request):
        lines = queries.csv_rows([kind] if kind else OUTCOMES, source_id, text)
        return csv_response("events", queries.CSV_HEADER, lines, acting_user=signed_in(request))
    sources = queries.sources()
    context: dict[str, Any] = {"totals": queries.totals(timezone.now(), source_id), "text": text, "kind": kind}
    context |= {"sources": sources, "source_id": str(source_id), "chips": _chips(request, dict(sources))}
    context |= {"csv_url": address(query, format="csv"), "here": address(query)}
    context["is_filtered"] = bool(kind or source_id or text)
    if kind:
        page = page_of(queries.rows_of(kind, source_id, text), SORTED_BY, query, size=PAGE_SIZE)
        context |= {"page": page, "rows": list(queries.arrivals(kind, page.rows))}
    else:
        context["rows"] = queries.newest(source_id, text, PAGE_SIZE)
    open_kind, _, open_id = query.get("open", "").rpartition("-")
    if open_id.isdecimal() and len(open_id) < 19:
        context |= _detail(open_kind, int(open_id), signed_in(request)) or {}
    return render(request, "accounts/intake/page.html", context)


@require_GET
def arrival(request: HttpRequest, kind: str, arrival_id: int) -> HttpResponse:
    """One thing that came in, with its content: as a fragment beside the list, or as a page of its own."""
    context = _detail(kind, arrival_id, signed_in(request))
    if context is None:
        raise Http404("It is no longer kept.")
    name = "_arrival" if getattr(request, "htmx", False) else "arrival"
    return render(request, f"accounts/intake/{name}.html", context)


def _detail(kind: str, arrival_id: int, user: User) -> dict[str, Any] | None:
    found = queries.arrival(kind, arrival_id)
    if found is None:
        return None
    opened, content = found
    if content is None:  # billing events that no rule looks at are only counted
        return {"opened": opened, "content": ""}
    if kind == REFUSED:
        return {"opened": opened, "content": _legible(content)} | queries.sending_again(arrival_id, user)
    return {"opened": opened, "content": _indented(content)}


def _legible(raw: str) -> str:
    """Refused text with its JSON indented, if it is any; else as it came."""
    try:
        return _indented(json.loads(raw))
    except (ValueError, RecursionError):
        return raw


def _indented(value: Any) -> str:
    # Half of a surrogate pair is one of the things that get refused, and no page can show it.
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def _chips(request: HttpRequest, sources: dict[str, str]) -> list[Chip]:
    """The outcomes, and what else is filtered by; sources may be many and are chosen from a list."""
    query = request.GET
    chips = [chip(query, "outcome", kind, label) for kind, label in OUTCOMES.items()]
    if name := sources.get(query.get("source", "")):
        chips.append(Chip(name, address(query, source=""), active=True))
    if text := query.get("q", "").strip():
        chips.append(Chip(f"“{text}”", address(query, q=""), active=True))
    return chips
