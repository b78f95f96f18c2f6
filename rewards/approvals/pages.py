"""One offer at /offers/<id>/: as a fragment beside the list, or as a page of its own, and the decision on it."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.records.models import Account
from loyalty.core.absence.seats import company_day
from loyalty.core.errors import DomainError
from loyalty.core.people.rules import Function, functions_in_words
from loyalty.core.people.session import signed_in
from rewards.approvals import forms, queries, verbs
from rewards.approvals.listing import why_here
from rewards.approvals.panels import panels_of
from rewards.approvals.relations import steps_of
from rewards.approvals.shelving import is_aside
from rewards.approvals.standing_list import beside_list
from rewards.approvals.undoing import decision_to_undo
from rewards.caps.room import room_of
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState

SHOWN_OFFERS = 20


@require_GET
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """One offer: as a fragment beside the list, or as a page of its own."""
    return render_offer(request, offer_id)


@require_GET
def account_offers(request: HttpRequest, account_id: int, contact_id: int | None = None) -> HttpResponse:
    """What was offered to one account, or to one contact there: a fragment of its page, or a page of its own."""
    account = get_object_or_404(Account, pk=account_id)
    offers = queries.offers_of(account_id, contact_id)[:SHOWN_OFFERS]
    context = {"account": account, "offers": offers, "is_of_contact": contact_id is not None}
    fragment = getattr(request, "htmx", False)
    name = "rewards/approvals/_account_offers.html" if fragment else "rewards/approvals/account_offers.html"
    return render(request, name, context)


@require_POST
def decide(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Approve or reject one function's step of an offer."""
    form = forms.OfferDecisionForm(request.POST)
    if not form.is_valid():
        return render_offer(request, offer_id, forms_given={"form": form}, status=422)
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
        return render_offer(request, offer_id, forms_given={"form": form}, refusal=str(refusal), status=refusal.status)
    return render_offer(request, offer_id, announce=_result(decided))


def _result(decided: Offer) -> str:
    if decided.state == OfferState.IN_APPROVAL.value:
        return f"Approved. It now waits for {functions_in_words(decided.awaits)}."
    return "Approved and granted." if decided.state == OfferState.APPROVED.value else "Rejected."


def render_offer(
    request: HttpRequest,
    offer_id: int,
    *,
    forms_given: Mapping[str, Form] | None = None,
    refusal: str = "",
    announce: str = "",
    status: int = 200,
) -> HttpResponse:
    """The offer as a fragment or a page; `announce` says what was done with it, `refusal` why nothing was."""
    fragment = getattr(request, "htmx", False)
    if announce and not fragment:
        messages.success(request, announce)
        return redirect(reverse("offer", args=[offer_id]))
    found = get_object_or_404(Offer.objects.select_related(*queries.RELATED), pk=offer_id)
    context = detail_of(request, found) | dict(forms_given or {}) | {"refusal": refusal}
    context |= beside_list(request) if announce else {}
    template = "rewards/approvals/_offer.html" if fragment else "rewards/approvals/offer.html"
    response = render(request, template, context, status=status)
    if announce:
        response["HX-Trigger"] = json.dumps({"announce": {"message": announce, "tone": "good"}})
    return response


def detail_of(request: HttpRequest, found: Offer) -> dict[str, Any]:
    """All that stands beside the list when an offer is open."""
    user, steps = signed_in(request), steps_of([found])[found.pk]
    turn = queries.turn_of(found, steps, user)
    then, value = queries.waits_then(steps, turn.function), queries.account_value(found)
    return {
        "is_last_step": not then,
        "then_waits_for": functions_in_words(then),
        "offer": found,
        "why_here": why_here(found) if found.awaits else "",
        "steps": steps,
        "approvals": queries.standing_approvals_of(found),
        "turn": turn,
        "may_work": queries.may_work(found, user),
        "is_aside": is_aside(found, company_day()),
        "may_revise": queries.may_revise(found, user),
        "undoable": decision_to_undo(found, steps, user, timezone.now()),
        "evidence": queries.evidence_of(found),
        "value": value,
        "called": queries.in_words(value),
        "panels": panels_of(found),
        "history": queries.history_of(found),
        "comments": found.comments.select_related("author"),
        "caps": room_of(found.pk),
        "posting": queries.posting_of(found),
        "form": forms.OfferDecisionForm(),
        "handing_form": forms.HandingForm(),
        "snooze_form": forms.SnoozeForm(auto_id="snooze_%s"),
        "reassign_form": forms.ReassignForm(auto_id="reassign_%s"),
        "revise_form": forms.ReviseForm(
            auto_id="revise_%s", initial={"digest": found.digest, "validity_days": found.validity_days}
        ),
        "comment_form": forms.CommentForm(auto_id="comment_%s"),
        "may_hand": queries.may_hand(found, user),
        "now_waits_for": functions_in_words(found.awaits),
    }
