"""Change requests at /changes/: the list, one request beside it, and what can be done with it."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from loyalty.core.changes import queries, verbs
from loyalty.core.changes.forms import CommentForm, DecisionForm
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.registry import kinds
from loyalty.core.chips import Chip, address, chip, chosen, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from loyalty.core.people.session import signed_in


@require_GET
def changes(request: HttpRequest) -> HttpResponseBase:
    """What is proposed: what waits for this person first."""
    user, query = signed_in(request), request.GET
    view = chosen(query, "view", queries.VIEWS) or "open"
    kind, function = chosen(query, "kind", (k.kind for k in kinds())), chosen(query, "function", Function)
    rows = queries.listed(user, view=view, kind=kind, function=function)
    if wants_csv(request):
        return csv_response("changes", queries.CSV_HEADER, queries.csv_rows(rows), acting_user=user)
    page = page_of(rows, queries.SORTED_BY, query)
    context: dict[str, Any] = {
        "page": page,
        "rows": [(row, queries.summary_of(row)) for row in page.rows],
        "chips": _chips(query, view),
        "csv_url": address(query, format="csv"),
        "waiting": queries.waiting_count(user),
        "here": address(query),
    }
    if opened := id_in(query, "open"):
        context |= _detail(opened, user)
    return render(request, "core/changes/page.html", context)


@require_GET
def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """One request: as a fragment beside the list, or as a page of its own."""
    return _render(request, change_id)


@require_POST
def decide(request: HttpRequest, change_id: int) -> HttpResponse:
    """Approve (which applies it) or reject the terms that were on the screen."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _render(request, change_id, form=form, status=422)
    act = verbs.approve if form.cleaned_data["decision"] == "approve" else verbs.reject
    try:
        decided = act(
            change_id,
            digest=form.cleaned_data["digest"],
            note=form.cleaned_data["note"],
            acting_user=signed_in(request),
        )
    except DomainError as refusal:
        return _render(request, change_id, form=form, refusal=str(refusal), status=refusal.status)
    except ChangeRequest.DoesNotExist as missing:
        raise Http404 from missing
    return _done(request, change_id, "Approved and applied." if decided.applied_at else "Rejected.")


@require_POST
def withdraw(request: HttpRequest, change_id: int) -> HttpResponse:
    """Take one's own proposal back."""
    try:
        verbs.withdraw(change_id, acting_user=signed_in(request))
    except DomainError as refusal:
        return _render(request, change_id, refusal=str(refusal), status=refusal.status)
    except ChangeRequest.DoesNotExist as missing:
        raise Http404 from missing
    return _done(request, change_id, "Withdrawn.")


@require_POST
def comment(request: HttpRequest, change_id: int) -> HttpResponse:
    """Say something about a request."""
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _render(request, change_id, comment_form=form, status=422)
    try:
        verbs.comment(change_id, form.cleaned_data["text"], acting_user=signed_in(request))
    except ChangeRequest.DoesNotExist as missing:
        raise Http404 from missing
    return _done(request, change_id, "Comment kept.")


def _done(request: HttpRequest, change_id: int, message: str) -> HttpResponse:
    if not getattr(request, "htmx", False):
        messages.success(request, message)
        return redirect("change", change_id)
    response = _render(request, change_id, fresh=True)
    response["HX-Trigger"] = json.dumps({"announce": {"message": message, "tone": "good"}})
    return response


def _render(
    request: HttpRequest,
    change_id: int,
    *,
    form: DecisionForm | None = None,
    comment_form: CommentForm | None = None,
    refusal: str = "",
    fresh: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = _detail(change_id, signed_in(request))
    context |= {"refusal": refusal, "fresh": fresh}
    context |= {"form": form or context["form"], "comment_form": comment_form or context["comment_form"]}
    template = "core/changes/_change.html" if getattr(request, "htmx", False) else "core/changes/change.html"
    return render(request, template, context, status=status)


def _detail(change_id: int, user: User) -> dict[str, Any]:
    try:
        detail = queries.detail_of(change_id, user)
    except ChangeRequest.DoesNotExist as missing:
        raise Http404 from missing
    return {"detail": detail, "change": detail.change, "form": DecisionForm(), "comment_form": CommentForm()}


def _chips(query: QueryDict, view: str) -> list[Chip]:
    views = [Chip(label, address(query, view=name), name == view) for name, label in queries.VIEWS.items()]
    owners = [chip(query, "function", f.value, label) for f, label in FUNCTION_LABELS.items()]
    return views + owners + [chip(query, "kind", k.kind, k.label.capitalize()) for k in kinds()]
