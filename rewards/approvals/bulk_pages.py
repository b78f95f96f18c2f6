"""Deciding, snoozing or reassigning several offers at once: first what it would do, then it is done, then undone."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from loyalty.core.chips import address
from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text, number_text
from loyalty.core.people.models import User
from loyalty.core.people.session import signed_in
from rewards.approvals import shelving
from rewards.approvals.forms import ChosenForm, ReassignForm, SnoozeForm, UndoForm
from rewards.approvals.models import StepState
from rewards.approvals.standing_list import head_of, list_of
from rewards.approvals.undoing import Together, undo_all, undoable_together
from rewards.approvals.verbs import Ask, Outcome, decide_all
from rewards.approvals.weighing import preview

WORDS = {
    "approve": "Approve",
    "reject": "Reject",
    "snooze": "Snooze",
    "wake": "Put back",
    "reassign": "Reassign",
}


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """What it would do to decide the chosen offers: total value, what is granted, what goes on to whom, cap room."""
    form = ChosenForm(request.POST, is_confirmed=False)
    if not form.is_valid():
        return _nothing(
            request, " ".join(str(error) for error in form.non_field_errors()) or "Choose what to do with them."
        )
    return _summary(request, form)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Do it, and tell what came of each."""
    form = ChosenForm(request.POST, is_confirmed=True)
    if not form.is_valid():
        known = {"asks", "action"} <= set(form.cleaned_data)
        return _summary(request, form, status=422) if known else _nothing(request)
    action, user = form.cleaned_data["action"], signed_in(request)
    asks: list[Ask] = form.cleaned_data["asks"]
    try:
        if action in ("approve", "reject"):
            return _decide(request, asks, action, form, user)
        done = _shelve(asks, action, request, user)
    except DomainError as refusal:
        return _summary(request, form, refusal=str(refusal), status=refusal.status)
    return _told(request, form.cleaned_data["back"], done, [])


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what one has just decided together, and tell which of it stays, and why."""
    form = UndoForm(request.POST)
    if not form.is_valid():
        return _nothing(request, "There is nothing to take back.")
    data = form.cleaned_data
    outcomes = undo_all(data["ids"], data["decided_at"], acting_user=signed_in(request))
    undone = sum(outcome.offer is not None for outcome in outcomes)
    said = f"{_offers(undone)} taken back: {'it waits' if undone == 1 else 'they wait'} for you again."
    return _told(request, data["back"], said if undone else "Nothing was taken back.", outcomes, names_kept=True)


def _decide(request: HttpRequest, asks: list[Ask], action: str, form: ChosenForm, user: User) -> HttpResponse:
    decision = StepState.APPROVED if action == "approve" else StepState.REJECTED
    outcomes = decide_all(asks, decision, form.cleaned_data["note"], acting_user=user)
    granted = sum(outcome.offer is not None and not outcome.offer.awaits for outcome in outcomes)
    decided = sum(outcome.offer is not None for outcome in outcomes)
    passed = f"; {number_text(decided - granted)} passed on" if decided > granted else ""
    done = f"{_offers(decided)} approved: {number_text(granted)} granted{passed}."
    done = f"{_offers(decided)} rejected." if action == "reject" else done
    return _told(request, form.cleaned_data["back"], done, outcomes, undoable_together(outcomes))


def _shelve(asks: list[Ask], action: str, request: HttpRequest, user: User) -> str:
    ids = [ask.offer_id for ask in asks]
    if action == "wake":
        woken = shelving.wake(ids, acting_user=user)
        return f"{_offers(woken)} back in the queue."
    form: SnoozeForm | ReassignForm = SnoozeForm(request.POST) if action == "snooze" else ReassignForm(request.POST)
    if not form.is_valid():
        raise DomainError(" ".join(str(error) for errors in form.errors.values() for error in errors))
    data = form.cleaned_data
    if action == "snooze":
        moved = shelving.snooze(ids, data["until"], data["reason"], acting_user=user)
        return f"{_offers(moved)} snoozed until {day_text(data['until'])}."
    moved = shelving.reassign(ids, data["person"].pk, acting_user=user)
    return f"{_offers(moved)} now in the book of {data['person'].display_name}."


def _offers(count: int) -> str:
    return "1 offer" if count == 1 else f"{number_text(count)} offers"


def _summary(request: HttpRequest, form: ChosenForm, *, refusal: str = "", status: int = 200) -> HttpResponse:
    user, action = signed_in(request), form.cleaned_data["action"]
    asks: list[Ask] = form.cleaned_data["asks"]
    # It has to be given once it is confirmed, and is shown so from the start.
    form.fields["note"].required = action == "reject"
    context: dict[str, Any] = {
        "preview": preview([ask.offer_id for ask in asks], user),
        "asks": asks,
        "action": action,
        "verb": WORDS[action],
        "back": form.cleaned_data["back"],
        "form": form,
        "snooze_form": SnoozeForm(auto_id="many_%s"),
        "reassign_form": ReassignForm(auto_id="many_%s"),
        "refusal": refusal,
    }
    name = "rewards/approvals/_chosen.html" if getattr(request, "htmx", False) else "rewards/approvals/chosen.html"
    return render(request, name, context, status=status)


def _told(
    request: HttpRequest,
    back: str,
    done: str,
    outcomes: Sequence[Outcome],
    together: Together | None = None,
    *,
    names_kept: bool = False,
) -> HttpResponse:
    """What came of it: `together` can be undone; what stays is counted by its reason, or named when few are meant."""
    stay = [outcome for outcome in outcomes if outcome.refusal]
    if names_kept:
        kept = [(outcome.named, str(outcome.refusal)) for outcome in stay]
    else:
        counted = Counter(str(outcome.refusal) for outcome in stay)
        kept = [(f"{_offers(count)} not", why) for why, count in counted.items()]
    if not getattr(request, "htmx", False):
        messages.success(request, done)
        for who, why in kept:
            messages.warning(request, f"{who}: {why}")
        query = QueryDict(back.removeprefix("?"))
        decided = together.decided_at.isoformat() if together else ""
        return redirect(reverse("offers") + address(query, decided=decided))
    user, query = signed_in(request), QueryDict(back.removeprefix("?"))
    context = {"done": done, "kept": kept, "back": back, "together": together}
    context |= head_of(query, user) | list_of(query, user)
    response = render(request, "rewards/approvals/_done.html", context)
    tone = "warn" if kept else "good"
    response["HX-Trigger"] = json.dumps({"announce": {"message": done, "tone": tone}})
    return response


def _nothing(request: HttpRequest, words: str = "") -> HttpResponse:
    words = words or "Choose offers from the list first."
    if not getattr(request, "htmx", False):
        messages.warning(request, words)
        return redirect("offers")
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"announce": {"message": words, "tone": "warn"}})
    return response
