"""The queue at /offers/: the list with the opened offer beside, its live counts, and the views that people keep."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.core.chips import id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.session import signed_in
from rewards.approvals import listing, queries, saved
from rewards.approvals.forms import ViewForm, moment_in
from rewards.approvals.pages import detail_of
from rewards.approvals.standing_list import filters_of, head_of, list_of
from rewards.approvals.undoing import undoable_since


@require_GET
def offers(request: HttpRequest) -> HttpResponseBase:
    """The queue: one view of it at a time, the opened offer beside."""
    user, query = signed_in(request), request.GET
    if wants_csv(request):
        rows = listing.listed(listing.filters_from(query, user), user)
        return csv_response("offers", listing.CSV_HEADER, listing.csv_rows(rows), acting_user=user)
    context = head_of(query, user) | filters_of(query, user) | list_of(query, user)
    opened = queries.one_offer(id_in(query, "open")) if id_in(query, "open") else None
    context |= detail_of(request, opened) if opened else {}
    decided_at = moment_in(query, "decided")
    context["together"] = undoable_since(decided_at, user, timezone.now()) if decided_at else None
    return render(request, "rewards/approvals/page.html", context)


@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    """The views with their counts and the sums, for the page that asks now and then."""
    return render(request, "rewards/approvals/_fresh_head.html", head_of(request.GET, signed_in(request)))


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the filters that stand in the URL under a name."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "Give the view a name of 1 to 60 characters.")
        return redirect("offers")
    data = form.cleaned_data
    try:
        kept = saved.keep_view(data["name"], data["query"], data["is_shared"], acting_user=signed_in(request))
    except DomainError as refusal:
        messages.warning(request, str(refusal))
        return redirect("offers")
    messages.success(request, f"Kept as “{kept.name}”.")
    return redirect(reverse("offers") + kept.query)


@require_POST
def remove(request: HttpRequest, view_id: int) -> HttpResponse:
    """Remove one of one's own views."""
    try:
        saved.remove_view(view_id, acting_user=signed_in(request))
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    messages.success(request, "Removed.")
    return redirect("offers")
