"""Reversing a posting, at /ledger/<posting>/reverse: what it moves is shown before it is booked."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from loyalty.core.errors import DomainError
from loyalty.core.money import money
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.ledger.correcting import correct, effect_of, why_it_stays
from rewards.ledger.detail import posting_detail
from rewards.ledger.forms import ReversalForm


@require_http_methods(["GET", "POST"])
def reverse(request: HttpRequest, posting_id: int) -> HttpResponse:
    """The summary, and the form for Finance."""
    found, user = posting_detail(posting_id), signed_in(request)
    if found is None:
        raise Http404("There is no such posting.")
    form, status = ReversalForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                reversal = correct(found.posting, form.cleaned_data["reason"], acting_user=user)
            except DomainError as refused:
                form.add_error(None, str(refused))
                status = refused.status
            else:
                messages.success(request, f"{money(found.debits, found.currency)} was reversed.")
                return redirect("posting", reversal.pk)
    context: dict[str, Any] = {"detail": found, "mirrored": found.mirrored, "form": form}
    context["stays"] = why_it_stays(found.posting)
    context["may_reverse"] = not context["stays"] and is_member(user, Function.FINANCE)
    if not context["stays"]:
        context["effect"] = effect_of(found.posting)
    return render(request, "rewards/ledger/reverse.html", context, status=status)
