"""The caps at /caps/: how full each is, who used it, setting one, proposing a change."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.charts.burndown import burndown
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.keyset import page_of
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.caps import queries
from rewards.caps.asking import asking
from rewards.caps.changing import KIND
from rewards.caps.forms import CapChangeForm, NewCapForm
from rewards.caps.models import Cap, CapEntry
from rewards.caps.picture import cap_bar
from rewards.caps.rules import CapMeasure, CapScope, part_of, quantity, quantity_figure
from rewards.caps.setting import create_cap, values_of

LIST_HEADER = [
    "cap",
    "covers",
    "period",
    "from",
    "until",
    "measure",
    "limit",
    "spent",
    "reserved",
    "room",
    "at the cap",
]
AHEAD = timedelta(days=30)  # how far the picture of a cap without end looks
USE_HEADER = ["offer", "account", "reward", "campaign", "standing", "measure", "amount", "since"]


@require_GET
def caps(request: HttpRequest) -> HttpResponseBase:
    """All caps in force (or those withdrawn), the fullest first."""
    active = request.GET.get("state") != "withdrawn"
    rows = queries.caps_now(timezone.now().date(), active=active)
    if wants_csv(request):
        return csv_response("caps", LIST_HEADER, map(_cap_cells, rows), acting_user=signed_in(request))
    chips = [
        {"label": "In force", "url": "?", "active": active},
        {"label": "Withdrawn", "url": "?state=withdrawn", "active": not active},
    ]
    context = {"caps": [(row, cap_bar(row.use, row.cap.name)) for row in rows], "chips": chips, "active": active}
    context |= {"may_set": is_member(signed_in(request), Function.FINANCE), "csv_url": f"?{_csv_query(request)}"}
    return render(request, "rewards/caps/page.html", context)


@require_http_methods(["GET", "POST"])
def new_cap(request: HttpRequest) -> HttpResponse:
    """Set a cap: Finance's alone, and at once."""
    scope = _scope(request)
    form = NewCapForm(scope, request.POST or None, initial=_asked_for(request))
    refusal, status = "", 200
    if request.method == "POST" and form.is_valid():
        try:
            cap = create_cap(form.terms(), acting_user=signed_in(request))
        except DomainError as error:
            refusal, status = str(error), error.status
        else:
            messages.success(
                request, f"The cap “{cap.name}” of {quantity(CapMeasure(cap.measure), cap.limit)} is in force."
            )
            return redirect("caps")
    scopes = [{"label": s.label.capitalize(), "url": f"?scope={s}", "active": s is scope} for s in CapScope]
    context = {"form": form, "scope": scope, "scopes": scopes, "refusal": refusal}
    context["may_set"] = is_member(signed_in(request), Function.FINANCE)
    return render(request, "rewards/caps/new.html", context, status=status)


@require_GET
def cap(request: HttpRequest, cap_id: int) -> HttpResponseBase:
    """One cap in one of its periods: burn-down, and the offers that take its room."""
    found, today = get_object_or_404(Cap, pk=cap_id), timezone.now().date()
    now = queries.cap_at(found, _day(request, today), today)
    entries = queries.latest_entries(found, now.period.starts_on)
    if wants_csv(request):
        lines = map(_use_cells, entries.iterator(chunk_size=2000))
        return csv_response(f"cap-{found.pk}", USE_HEADER, lines, acting_user=signed_in(request))
    page = page_of(entries, ["-id"], request.GET)
    context = {"now": now, "cap": found, "page": page, "rows": [queries.used_by(e) for e in page.rows]}
    context |= {"bar": cap_bar(now.use, found.name), "csv_url": f"?{_csv_query(request)}"}
    context |= {"burndown": _burndown(now, today), "periods": _period_chips(now)}
    if found.is_active and today in now.period:
        ahead = AHEAD.days if now.lasts else (now.period.ends_on - today).days
        context["asking"] = asking(found, now.use.room, now.period, today, most_days=ahead)
    return render(request, "rewards/caps/cap.html", context)


@require_http_methods(["GET", "POST"])
def edit_cap(request: HttpRequest, cap_id: int) -> HttpResponse:
    """Propose other terms; a cap in force changes only by a request that a colleague decides."""
    found = get_object_or_404(Cap, pk=cap_id)
    form = CapChangeForm(CapMeasure(found.measure), request.POST or None, initial=_initial(request, found))
    refusal, status = "", 200
    if request.method == "POST" and form.is_valid():
        try:
            where, typed = ("cap", found.pk), form.cleaned_data
            return hand_in(request, KIND, found.pk, form.values(), typed, back=where, saved="Changed.")
        except DomainError as error:
            refusal, status = str(error), error.status
    today = timezone.now().date()
    context = {"form": form, "cap": found, "now": queries.cap_at(found, today, today), "refusal": refusal}
    return render(request, "rewards/caps/edit.html", context, status=status)


def _initial(request: HttpRequest, cap: Cap) -> dict[str, Any]:
    begun = written_anew(request.GET, KIND, cap.pk) or values_of(cap)
    return begun | {
        "limit": quantity_figure(CapMeasure(cap.measure), Decimal(begun["limit"])),
        "at_the_cap": "refuse" if begun["is_hard"] else "ask",
        "state": "on" if begun["is_active"] else "off",
    }


def _asked_for(request: HttpRequest) -> dict[str, str]:
    """What the address fills in: a link to here may name what to limit, and by which measure."""
    given = {"scope_key": request.GET.get("which", ""), "measure": request.GET.get("measure", "")}
    return {"measure": CapMeasure.VALUE.value} | {name: value for name, value in given.items() if value}


def _scope(request: HttpRequest) -> CapScope:
    named = request.POST.get("scope") or request.GET.get("scope", "")
    return CapScope(named) if named in list(CapScope) else CapScope.PROGRAMME


def _day(request: HttpRequest, today: date) -> date:
    try:
        return date.fromisoformat(request.GET.get("period", ""))
    except ValueError:
        return today


def _csv_query(request: HttpRequest) -> str:
    query = request.GET.copy()
    query["format"] = "csv"
    return query.urlencode()


def _burndown(now: queries.CapNow, today: date) -> dict[str, Any]:
    series = queries.committed_by_day(now.cap, now.period, today)
    ends_on = max(now.gone_on or today, today + AHEAD) if now.lasts else now.period.ends_on
    said, part_said = partial(quantity, now.use.measure), partial(part_of, now.use.measure)
    title = f"Committed under the cap {now.cap.name}"
    picture = burndown(series, now.use.limit, ends_on, now.gone_on, title, said, part_said, is_endless=now.lasts)
    return {"picture": picture, "rows": [(day, said(level)) for day, level in series]}


def _period_chips(now: queries.CapNow) -> list[dict[str, Any]]:
    starts = [p.starts_on for p in queries.periods_of(now.cap)]
    return [{"starts_on": d, "url": f"?period={d.isoformat()}", "active": d == now.period.starts_on} for d in starts]


def _cap_cells(row: queries.CapNow) -> list[object]:
    until = None if row.lasts else row.period.ends_on
    at_the_cap = "refuse" if row.cap.is_hard else "ask Finance"
    measure = row.use.measure
    use = (row.use.limit, row.use.spent, row.use.reserved, row.use.room)
    figures = [measure.value, *(quantity_figure(measure, figure) for figure in use)]
    return [row.cap.name, row.covers, row.cap.period, row.period.starts_on, until, *figures, at_the_cap]


def _use_cells(entry: CapEntry) -> list[object]:
    row = queries.used_by(entry)
    figure = quantity_figure(row.measure, row.amount)
    return [row.offer_id, row.account, row.reward, row.campaign, row.standing, row.measure.value, figure, entry.at]
