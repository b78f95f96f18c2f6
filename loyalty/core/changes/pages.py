"""Change requests at /changes/: the list, one request beside it, and what can be done with it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from loyalty.core.changes import queries, verbs
from loyalty.core.changes.forms import CommentForm, DayForm, DecisionForm, RestoreForm
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.registry import kinds
from loyalty.core.changes.rules import ChangeState
from loyalty.core.chips import Chip, address, chip, chosen, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from loyalty.core.people.session import signed_in

DECIDE = {"approve": verbs.approve, "reject": verbs.reject, "return": verbs.ask_for_changes}
OUTCOMES = {
    ChangeState.APPLIED: "Approved and applied.",
    ChangeState.APPROVED: "Approved. It holds from its day on.",
    ChangeState.REJECTED: "Rejected.",
    ChangeState.CHANGES_REQUESTED: "Given back with your note.",
}


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
    """Approve (which applies it), reject or give back the terms that were on the screen."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _render(request, change_id, {"form": form}, status=422)
    given = form.cleaned_data

    def act() -> str:
        decided = DECIDE[given["decision"]](
            change_id, digest=given["digest"], note=given["note"], acting_user=signed_in(request)
        )
        return OUTCOMES[ChangeState(decided.state)]

    return _try(request, change_id, act, {"form": form})


@require_POST
def submit(request: HttpRequest, change_id: int) -> HttpResponse:
    """Let one's draft be decided."""

    def act() -> str:
        verbs.submit(change_id, digest=request.POST.get("digest", ""), acting_user=signed_in(request))
        return "Submitted. It waits for its owners now."

    return _try(request, change_id, act)


@require_POST
def set_day(request: HttpRequest, change_id: int) -> HttpResponse:
    """Set the day from which the change holds."""
    form = DayForm(request.POST)
    if not form.is_valid():
        return _render(request, change_id, {"day_form": form}, status=422)
    day, digest = form.cleaned_data["effective_on"], form.cleaned_data["digest"]

    def act() -> str:
        verbs.set_day(change_id, day, digest=digest, acting_user=signed_in(request))
        return "The day is set. An approval that it had is void."

    return _try(request, change_id, act, {"day_form": form})


@require_POST
def restore(request: HttpRequest, change_id: int) -> HttpResponse:
    """Draft a request that takes an applied one back, and go there."""
    form = RestoreForm(request.POST)
    if not form.is_valid():
        return _render(request, change_id, {"restore_form": form}, status=422)
    try:
        made = verbs.restore(change_id, form.cleaned_data["reason"], acting_user=signed_in(request))
    except DomainError as refusal:
        return _render(request, change_id, {"refusal": str(refusal)}, status=refusal.status)
    except ChangeRequest.DoesNotExist as missing:
        raise Http404 from missing
    messages.success(request, "Drafted. Look at it, then submit it.")
    response = redirect("change", made.pk)
    if getattr(request, "htmx", False):
        return HttpResponse(headers={"HX-Redirect": response["Location"]})
    return response


@require_POST
def withdraw(request: HttpRequest, change_id: int) -> HttpResponse:
    """Take one's own proposal back."""

    def act() -> str:
        verbs.withdraw(change_id, acting_user=signed_in(request))
        return "Withdrawn."

    return _try(request, change_id, act)


@require_POST
def comment(request: HttpRequest, change_id: int) -> HttpResponse:
    """Say something about a request."""
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _render(request, change_id, {"comment_form": form}, status=422)

    def act() -> str:
        verbs.comment(change_id, form.cleaned_data["text"], acting_user=signed_in(request))
        return "Comment kept."

    return _try(request, change_id, act)


def _try(
    request: HttpRequest, change_id: int, act: Callable[[], str], typed: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Do it, and say what came of it; a refusal is told on the page, with what was typed still there."""
    try:
        message = act()
    except DomainError as refusal:
        return _render(request, change_id, {**(typed or {}), "refusal": str(refusal)}, status=refusal.status)
    except ChangeRequest.DoesNotExist as missing:
        raise Http404 from missing
    return _done(request, change_id, message)


def _done(request: HttpRequest, change_id: int, message: str) -> HttpResponse:
    if not getattr(request, "htmx", False):
        messages.success(request, message)
        return redirect("change", change_id)
    response = _render(request, change_id, {"fresh": True})
    response["HX-Trigger"] = json.dumps({"announce": {"message": message, "tone": "good"}})
    return response


def _render(
    request: HttpRequest, change_id: int, more: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    context = {**_detail(change_id, signed_in(request)), **(more or {})}
    template = "core/changes/_change.html" if getattr(request, "htmx", False) else "core/changes/change.html"
    return render(request, template, context, status=status)


def _detail(change_id: int, user: User) -> dict[str, Any]:
    try:
        detail = queries.detail_of(change_id, user)
    except ChangeRequest.DoesNotExist as missing:
        raise Http404 from missing
    return {
        "detail": detail,
        "change": detail.change,
        "form": DecisionForm(),
        "comment_form": CommentForm(),
        "day_form": DayForm(initial={"effective_on": detail.change.effective_on}),
        "restore_form": RestoreForm(),
    }


def _chips(query: QueryDict, view: str) -> list[Chip]:
    views = [Chip(label, address(query, view=name), name == view) for name, label in queries.VIEWS.items()]
    owners = [chip(query, "function", f.value, label) for f, label in FUNCTION_LABELS.items()]
    return views + owners + [chip(query, "kind", k.kind, k.label.capitalize()) for k in kinds()]
