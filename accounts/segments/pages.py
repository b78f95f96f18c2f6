"""Segments at /segments/: the list with how they overlap, one beside it, its members, and who came and went."""

from typing import Any

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.conditions.queries import explain, vocabulary
from accounts.conditions.rules.reading import BadRule, read_rule
from accounts.facts.queries import latest
from accounts.records.models import Account
from accounts.segments import causes, listing
from accounts.segments.changing import KIND
from accounts.segments.models import Segment
from accounts.segments.queries import active_count
from accounts.segments.rules import MOST_ACTIVE, NOT_FOR_SEGMENTS, SegmentStatus
from accounts.sources.freshness import stale_sources
from loyalty.core.changes.queries import pending_for
from loyalty.core.charts.sparkline import sparkline
from loyalty.core.chips import address, chip, chosen, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.figures import day_text, number_text
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in

MEMBERS_BESIDE = MOVES_BESIDE = 8


@require_GET
def segments(request: HttpRequest) -> HttpResponseBase:
    """All segments by priority, with their members; the opened one beside."""
    query, user = request.GET, signed_in(request)
    seen = listing.overlap()
    lines = listing.listed(seen, chosen(query, "status", SegmentStatus))
    if wants_csv(request):
        rows = map(listing.line_cells, lines)
        return csv_response("segments", listing.LIST_HEADER, rows, acting_user=user)
    active = active_count()
    context: dict[str, Any] = {
        "lines": [(line, _sparkline(line)) for line in lines],
        "chips": [chip(query, "status", s.value, s.value.capitalize()) for s in SegmentStatus],
        "csv_url": address(query, format="csv"),
        "here": address(query),
        "seen": seen,
        "matrix": _matrix(seen, lines),
        "active": active if active > MOST_ACTIVE else 0,
        "may_create": Function.CS in user.functions,
    }
    if found := Segment.objects.filter(pk=id_in(query, "open")).first():
        context |= _detail(found, user, query, seen)
    return render(request, "accounts/segments/page.html", context)


@require_GET
def segment(request: HttpRequest, segment_id: int) -> HttpResponseBase:
    """One segment: in brief beside the list, or a page with all its members."""
    found, user = get_object_or_404(Segment, pk=segment_id), signed_in(request)
    also = Segment.objects.filter(pk=id_in(request.GET, "also")).exclude(pk=segment_id).first()
    rows = listing.members(found, also.key if also else "")
    if wants_csv(request):
        cells = listing.member_rows(rows, found)
        return csv_response(f"segment-{found.key}", listing.MEMBERS_HEADER, cells, acting_user=user)
    context = _detail(found, user, request.GET, listing.overlap())
    if getattr(request, "htmx", False):
        return render(request, "accounts/segments/_segment.html", context)
    page = page_of(rows, listing.MEMBERS_BY, request.GET)
    context |= {
        "page": page,
        "members": [listing.member_of(row, found) for row in page.rows],
        "also": also,
        "members_csv_url": address(request.GET, format="csv"),
        "whole": True,
        "asked": _asked(found, id_in(request.GET, "account")),
    }
    return render(request, "accounts/segments/segment.html", context)


@require_GET
def moves(request: HttpRequest, segment_id: int) -> HttpResponseBase:
    """Every entry and exit, with its day and its cause."""
    found = get_object_or_404(Segment, pk=segment_id)
    if wants_csv(request):
        name = f"segment-{found.key}-moves"
        return csv_response(name, causes.MOVES_HEADER, causes.move_rows(found), acting_user=signed_in(request))
    page = page_of(causes.moves_of(found), listing.MOVES_BY, request.GET)
    context = {"segment": found, "page": page, "told": causes.told(page.rows)}
    context["csv_url"] = address(request.GET, format="csv")
    return render(request, "accounts/segments/moves.html", context)


def _detail(found: Segment, user: User, query: QueryDict, seen: listing.Overlap) -> dict[str, Any]:
    words = vocabulary(without=NOT_FOR_SEGMENTS)
    line = listing.lines([found], seen)[0]
    kinds = listing.kinds_of(found.rule, words)
    rows = listing.members(found).order_by(*listing.MEMBERS_BY)[:MEMBERS_BESIDE]
    is_live, is_owner = found.status == SegmentStatus.LIVE.value, is_member(user, Function.CS)
    return {
        "segment": found,
        "line": line,
        "picture": _sparkline(line),
        "series_heads": ["Day", "Members"],
        "series_rows": [(day_text(day), number_text(count)) for day, count in reversed(line.series)],
        "members": [listing.member_of(row, found) for row in rows],
        "told": causes.told(causes.moves_of(found)[:MOVES_BESIDE]),
        "versions": [(v, listing.words_of(v.rule, words)) for v in found.versions.all()],
        "pending": pending_for(KIND, found.pk),
        "stale": stale_sources(kinds, now=timezone.now()),
        "applies_at_once": is_owner and not is_live,
        "is_owner": is_owner,
    }


def _asked(found: Segment, account_id: int) -> dict[str, Any] | None:
    """Why an account is in the segment or not, by the rule of now on its latest day; None when none is asked about."""
    account = Account.objects.filter(pk=account_id).first()
    facts, words = (latest(account) if account else None), vocabulary(without=NOT_FOR_SEGMENTS)
    if account is None or facts is None:
        return None
    try:
        told = explain(read_rule(found.rule, words), words, account.pk, day=facts.day)
    except BadRule:
        return None
    return {"account": account, "explained": told, "is_member": found.key in facts.segments}


def _sparkline(line: listing.Line) -> str:
    title = f"Members of {line.segment.name} in {listing.SERIES_DAYS} days"
    return sparkline([count for _, count in line.series], title)


def _matrix(seen: listing.Overlap, lines: list[listing.Line]) -> list[dict[str, Any]]:
    """Rows of live segments against each other; `heat` is 0 to 4, by the share of the row's members."""
    live = [line.segment for line in lines if line.segment.status == SegmentStatus.LIVE.value]
    rows = []
    for one in live:
        members = seen.shared.get((one.key, one.key), 0)
        cells = []
        for other in live:
            shared = seen.shared.get((one.key, other.key), 0)
            heat = 0 if other is one or not members else -(-4 * shared // members)
            cells.append({"segment": other, "shared": shared, "is_self": other is one, "heat": heat})
        rows.append({"segment": one, "members": members, "cells": cells})
    return rows
