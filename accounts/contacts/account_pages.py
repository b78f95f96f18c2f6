"""All contacts of one account at /accounts/<id>/contacts/: who they are, their role, whether they consent."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.contacts.queries import BY_ROLE, CSV_HEADER, at_account, csv_rows
from accounts.records.models import Account
from loyalty.core.chips import address
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.keyset import page_of
from loyalty.core.people.session import signed_in


@require_GET
def contacts(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """Those with a role first, searched by name and address."""
    account = get_object_or_404(Account, pk=account_id)
    text = request.GET.get("q", "").replace("\0", "").strip()
    rows = at_account(account, text)
    if wants_csv(request):
        cells = csv_rows(rows.order_by(*BY_ROLE))
        return csv_response("contacts", CSV_HEADER, cells, acting_user=signed_in(request))
    page = page_of(rows, BY_ROLE, request.GET)
    context = {"account": account, "page": page, "text": text, "csv_url": address(request.GET, format="csv")}
    return render(request, "accounts/contacts/page.html", context)
