"""Referrals at /accounts/referrals/: who referred whom, and what came of it."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.records.models import Account
from accounts.referrals import queries
from accounts.sources.freshness import stale_sources
from accounts.sources.rules import Kind
from loyalty.core.chips import address, chip, chosen, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.keyset import page_of
from loyalty.core.people.session import signed_in


@require_GET
def referrals(request: HttpRequest) -> HttpResponseBase:
    """All referrals, the newest first, or those from or to one account."""
    query = request.GET
    account = Account.objects.filter(pk=id_in(query, "account")).first()
    rows = queries.listed(chosen(query, "paid", ("yes", "no")), account)
    if wants_csv(request):
        cells = queries.csv_rows(rows)
        return csv_response("referrals", queries.CSV_HEADER, cells, acting_user=signed_in(request))
    page = page_of(rows, queries.NEWEST_FIRST, query)
    paid, unpaid = chip(query, "paid", "yes", "Paid its first invoice"), chip(query, "paid", "no", "Not yet")
    context = {
        "page": page,
        "lines": queries.lines(page.rows),
        "chips": [paid, unpaid],
        "csv_url": address(query, format="csv"),
        "of": account,
        "is_filtered": paid.active or unpaid.active or account is not None,
        "stale": stale_sources([Kind.ACCOUNT, Kind.SUBSCRIPTION], now=timezone.now()),
        "tab": "referrals",
    }
    return render(request, "accounts/referrals/page.html", context)
