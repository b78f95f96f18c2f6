"""The journal behind the liability, at /ledger/."""

from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from accounts.records.models import Account
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.figures import month_text
from loyalty.core.keyset import page_of
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.ledger import detail
from rewards.ledger.correcting import why_it_stays
from rewards.ledger.rules import PostingKind

COLUMNS = [(PostingKind.ISSUE, "Issued"), (PostingKind.REDEEM, "Redeemed"), (PostingKind.EXPIRE, "Expired")]
COLUMNS += [
    (PostingKind.REVERSE, "Reversed"),
    (PostingKind.GIVE_BACK, "Given back"),
    (PostingKind.BREAKAGE, "Breakage"),
    (PostingKind.REESTIMATE, "Re-estimate"),
]


@require_GET
def ledger(request: HttpRequest) -> HttpResponseBase:
    """The journal: postings by month and kind, newest first, one of them open beside."""
    filters = _filters(request.GET)
    if wants_csv(request):
        lines = detail.csv_rows(filters.rows())
        return csv_response("ledger", detail.CSV_HEADER, lines, acting_user=signed_in(request))
    page = page_of(detail.with_amounts(filters.rows()), ["-booked_on", "-id"], request.GET)
    context: dict[str, Any] = {"page": page, "chips": _chips(request.GET, filters)}
    context |= {"csv_url": _with(request.GET, format="csv"), "back": _with(request.GET)}
    context["is_filtered"] = filters != detail.Filters()
    if request.GET.get("open", "").isdecimal():
        context["detail"] = detail.posting_detail(int(request.GET["open"]))
        context["may_reverse"] = _may_reverse(request, context["detail"])
    return render(request, "rewards/ledger/page.html", context)


@require_GET
@vary_on_headers("HX-Request")
def posting(request: HttpRequest, posting_id: int) -> HttpResponse:
    """One posting with both sides: beside the list, or as a page of its own."""
    found = detail.posting_detail(posting_id)
    if found is None:
        raise Http404("There is no such posting.")
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "rewards/ledger/_posting.html" if is_fragment else "rewards/ledger/posting.html"
    context = {"detail": found, "is_fragment": is_fragment, "back": _list_behind(request)}
    context["may_reverse"] = _may_reverse(request, found)
    return render(request, template, context)


def _may_reverse(request: HttpRequest, found: detail.PostingDetail | None) -> bool:
    return bool(found and not why_it_stays(found.posting) and is_member(signed_in(request), Function.FINANCE))


def _list_behind(request: HttpRequest) -> str:
    """The list that the posting was opened beside, with its filters; the whole ledger otherwise."""
    query = QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
    return reverse("ledger") + _with(query)


def _filters(query: QueryDict) -> detail.Filters:
    """What the address asks for; what cannot be read asks for nothing."""
    kind, account = query.get("kind", ""), query.get("account", "")
    try:
        month = date.fromisoformat(f"{query.get('month', '')}-01")
    except ValueError:
        month = None
    return detail.Filters(
        month=month,
        kind=PostingKind(kind) if kind in list(PostingKind) else None,
        account_id=int(account) if account.isdecimal() and len(account) < 19 else None,
    )


def _with(query: QueryDict, **changed: str | None) -> str:
    """The same address with other filters, from its first page."""
    kept = query.copy()
    for name in ("after", "before", "open", "format", *changed):
        kept.pop(name, None)
    kept.update({name: value for name, value in changed.items() if value})
    return f"?{kept.urlencode()}"


def _chips(query: QueryDict, filters: detail.Filters) -> list[dict[str, Any]]:
    """Kinds, then months; a chip that is on turns off."""
    chips: list[dict[str, Any]] = []
    for kind, label in COLUMNS:
        on = filters.kind is kind
        chips.append({"label": label, "active": on, "url": _with(query, kind=None if on else kind)})
    months = detail.months_with_postings()
    if filters.month and filters.month not in months:
        months = sorted([*months, filters.month], reverse=True)
    for month in months:
        on = filters.month == month
        url = _with(query, month=None if on else f"{month:%Y-%m}")
        chips.append({"label": month_text(month), "active": on, "url": url})
    if filters.account_id:
        name = Account.objects.filter(pk=filters.account_id).values_list("name", flat=True).first()
        chips.append({"label": name or "No such account", "active": True, "url": _with(query, account=None)})
    return chips
