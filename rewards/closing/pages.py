"""Month close at /ledger/close/: which months are closed, their journal and finance pack, and the account codes."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.changes.forms import BESIDE
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.csv import csv_response
from loyalty.core.errors import DomainError
from loyalty.core.figures import month_text
from loyalty.core.people.session import signed_in
from rewards.closing import queries
from rewards.closing.changing import CODES, REOPENING
from rewards.closing.forms import CodesForm, ReopenForm
from rewards.closing.models import ClosedMonth
from rewards.closing.pack import finance_pack
from rewards.closing.verbs import check_finance, close_month, journal_codes

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
def months(request: HttpRequest) -> HttpResponse:
    """The last months with their figures, and the next step of each."""
    return _page(request)


def _page(request: HttpRequest, refusal: str = "", form: ReopenForm | None = None, status: int = 200) -> HttpResponse:
    today = timezone.now().date()
    last = ClosedMonth.objects.filter(is_closed=True).first()
    context: dict[str, Any] = {"months": queries.months_shown(today), "refusal": refusal, "last": last}
    context["form"] = form or ReopenForm()
    context["pending"] = pending_for(REOPENING, last.pk) if last else []
    return render(request, "rewards/closing/page.html", context, status=status)


@require_POST
def close(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Close a month."""
    first_day = _month(year, month)
    try:
        close_month(first_day, today=timezone.now().date(), acting_user=signed_in(request))
    except DomainError as refusal:
        return _page(request, str(refusal), status=refusal.status)
    messages.success(request, f"{month_text(first_day)} is closed. Nothing can be dated into it any more.")
    return redirect("close")


@require_POST
def reopen(request: HttpRequest, closed_id: int) -> HttpResponse:
    """Propose to reopen a month: two people of Finance, and a reason."""
    closed, form, user = get_object_or_404(ClosedMonth, pk=closed_id), ReopenForm(request.POST), signed_in(request)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    try:
        check_finance(user, str(closed))
        open_again = {"is_closed": False}
        return hand_in(request, REOPENING, closed.pk, open_again, form.cleaned_data, back=("close",))
    except DomainError as refusal:
        return _page(request, str(refusal), form, refusal.status)


@require_GET
def journal(request: HttpRequest, year: int, month: int) -> HttpResponseBase:
    """The journal of a month as CSV; the name says when the month is still open."""
    first_day = _month(year, month)
    rows = queries.journal_rows(first_day)
    return csv_response(_name("journal", first_day), queries.JOURNAL_HEADER, rows, acting_user=signed_in(request))


@require_GET
def pack(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The finance pack of a month as a workbook."""
    first_day = _month(year, month)
    filename = f"{_name('finance-pack', first_day)}.xlsx"
    response = HttpResponse(finance_pack(first_day), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    record(AuditVerb.EXPORTED, acting_user=signed_in(request), object_type="export", object_label=filename)
    return response


@require_http_methods(["GET", "POST"])
def codes(request: HttpRequest) -> HttpResponse:
    """Under which codes the accounting system knows our accounts."""
    initial = written_anew(request.GET, CODES, 1) or queries.codes_now()
    form, refusal, status = CodesForm(request.POST or None, initial=initial), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = {name: value for name, value in form.cleaned_data.items() if name not in BESIDE}
            try:
                return hand_in(request, CODES, journal_codes().pk, values, form.cleaned_data, back=("close",))
            except DomainError as error:
                refusal, status = str(error), error.status
    return render(request, "rewards/closing/codes.html", {"form": form, "refusal": refusal}, status=status)


def _month(year: int, month: int) -> date:
    try:
        return date(year, month, 1)
    except ValueError as wrong:
        raise Http404("There is no such month.") from wrong


def _name(what: str, month: date) -> str:
    last = queries.last_closed()
    return f"{what}-{month:%Y-%m}" + ("" if last and month <= last else "-open")
