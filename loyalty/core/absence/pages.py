"""Absences at /settings/absence/: who decides in whose place, and one's own."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.core.absence import verbs
from loyalty.core.absence.forms import AbsenceForm
from loyalty.core.absence.models import Delegation
from loyalty.core.absence.seats import company_day
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.session import signed_in

CSV_HEADER = ("away", "decides", "from", "to", "reason", "ended_at")
SHOWN = 200


@require_http_methods(["GET", "POST"])
def absences(request: HttpRequest) -> HttpResponseBase:
    """All absences, the newest first, and a form for one's own."""
    user = signed_in(request)
    rows = Delegation.objects.select_related("delegator", "delegate")
    if wants_csv(request):
        lines = (
            [d.delegator.display_name, d.delegate.display_name, d.starts_on, d.ends_on, d.reason, d.ended_at]
            for d in rows.iterator(chunk_size=500)
        )
        return csv_response("absences", CSV_HEADER, lines, acting_user=user)
    form, refusal = AbsenceForm(request.POST or None, but=user), ""
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            verbs.delegate(data["stand_in"].pk, data["starts_on"], data["ends_on"], data["reason"], acting_user=user)
        except DomainError as error:
            refusal, status = str(error), error.status
        else:
            messages.success(request, f"{data['stand_in'].display_name} decides in your place on these days.")
            return redirect("absences")
    context = {"form": form, "refusal": refusal, "absences": rows[:SHOWN], "today": company_day()}
    return render(request, "core/absence/page.html", context, status=status)


@require_POST
def end(request: HttpRequest, delegation_id: int) -> HttpResponse:
    """Take one's decisions back."""
    get_object_or_404(Delegation, pk=delegation_id)
    try:
        ended = verbs.end(delegation_id, acting_user=signed_in(request))
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    messages.success(request, f"You decide yourself again; {ended.delegate.display_name} no longer does.")
    return redirect("absences")
