"""The offer queue at /offers/ and one offer beside it."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.records.models import Account
from loyalty.core.csv import csv_response
from loyalty.core.errors import DomainError
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function, functions_in_words
from loyalty.core.people.session import signed_in
from rewards.approvals import queries, verbs
from rewards.approvals.forms import HandingForm, OfferDecisionForm
from rewards.caps.room import room_of
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState


@require_GET
def offers(request: HttpRequest) -> HttpResponseBase:
    """The queue: one view of it at a time, the opened offer beside."""
    user = signed_in(request)
    view, text = _view(user, request.GET), request.GET.get("q", "").strip()
    rows, keys = queries.queue(view, user, text=text)
    if request.GET.get("format") == "csv":
        return csv_response("offers", *queries.csv_rows(rows), acting_user=user)
    context = _head(view, user) | {"page": page_of(rows, keys, request.GET, size=queries.PAGE_SIZE)}
    if request.GET.get("open", "").isdecimal():
        opened = queries.one_offer(int(request.GET["open"]))
        context |= _detail(request, opened) if opened else {}
    return render(request, "rewards/approvals/page.html", context)


def _view(user: User, query: QueryDict) -> str:
    asked = query.get("view", "")
    return asked if asked in queries.VIEWS else "mine" if user.functions else "open"


def _head(view: str, user: User) -> dict[str, Any]:
    """What stands above the list: the sums of what waits, and the views with their counts."""
    counts = queries.view_counts(user)
    chips = [
        {"label": label, "url": f"?view={name}", "active": name == view, "count": counts[name]}
        for name, label in queries.VIEWS.items()
    ]
    return {
        "view": view,
        "chips": chips,
        "summary": queries.summary_of(view, user),
        "csv_url": f"?view={view}&format=csv",
    }


@require_GET
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """One offer: as a fragment beside the list, or as a page of its own."""
    return render_offer(request, offer_id)


@require_GET
def account_offers(request: HttpRequest, account_id: int, contact_id: int | None = None) -> HttpResponse:
    """What was offered to one account, or to one contact there: a fragment of its page, or a page of its own."""
    account = get_object_or_404(Account, pk=account_id)
    offers = queries.offers_of(account_id, contact_id)
    context = {"account": account, "offers": offers, "is_of_contact": contact_id is not None}
    fragment = getattr(request, "htmx", False)
    name = "rewards/approvals/_account_offers.html" if fragment else "rewards/approvals/account_offers.html"
    return render(request, name, context)


@require_POST
def decide(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Approve or reject one function's step of an offer."""
    form = OfferDecisionForm(request.POST)
    if not form.is_valid():
        return render_offer(request, offer_id, form=form, status=422)
    decision, data = form.cleaned_data["decision"], form.cleaned_data
    act = verbs.approve if decision == "approve" else verbs.reject
    try:
        decided = act(
            offer_id,
            function=Function(data["function"]),
            digest=data["digest"],
            note=data["note"],
            acting_user=signed_in(request),
        )
    except DomainError as refusal:
        return render_offer(request, offer_id, form=form, refusal=str(refusal), status=refusal.status)
    return render_offer(request, offer_id, announce=_result(decided), decided=True)


def _result(decided: Offer) -> str:
    if decided.state == OfferState.IN_APPROVAL.value:
        return f"Approved. It now waits for {functions_in_words(decided.awaits)}."
    return "Approved and granted." if decided.state == OfferState.APPROVED.value else "Rejected."


def render_offer(
    request: HttpRequest,
    offer_id: int,
    *,
    form: OfferDecisionForm | None = None,
    handing: HandingForm | None = None,
    refusal: str = "",
    announce: str = "",
    decided: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The offer as a fragment or a page, after whatever was done with it."""
    if decided and not getattr(request, "htmx", False):
        messages.success(request, announce)
        return redirect(reverse("offer", args=[offer_id]))
    found = get_object_or_404(Offer.objects.select_related(*queries.RELATED), pk=offer_id)
    context = _detail(request, found) | {"refusal": refusal}
    context |= {"form": form or OfferDecisionForm(), "handing_form": handing or HandingForm()}
    template = "rewards/approvals/_offer.html" if getattr(request, "htmx", False) else "rewards/approvals/offer.html"
    response = render(request, template, context | _beside(request, decided), status=status)
    if announce:
        response["HX-Trigger"] = json.dumps({"announce": {"message": announce, "tone": "good"}})
    return response


def _beside(request: HttpRequest, decided: bool) -> dict[str, Any]:
    """After a decision: what else on the page the person stands on has to move with it."""
    current = urlsplit(request.headers.get("HX-Current-URL", ""))
    if not decided or current.path != reverse("offers"):
        return {"fresh_row": decided}
    user = signed_in(request)
    return {"fresh_row": True, "in_queue": True} | _head(_view(user, QueryDict(current.query)), user)


def _detail(request: HttpRequest, found: Offer) -> dict[str, Any]:
    steps = queries.steps_of(found)
    turn = queries.turn_of(found, steps, signed_in(request))
    then = queries.waits_then(steps, turn.function)
    return {
        "is_last_step": not then,
        "then_waits_for": functions_in_words(then),
        "offer": found,
        "steps": steps,
        "approvals": queries.standing_approvals_of(found),
        "turn": turn,
        "evidence": queries.evidence_of(found),
        "caps": room_of(found.pk),
        "posting": queries.posting_of(found),
        "form": OfferDecisionForm(),
        "handing_form": HandingForm(),
        "may_hand": queries.may_hand(found, signed_in(request)),
        "now_waits_for": functions_in_words(found.awaits),
    }
