"""What is done with an undecided offer besides deciding it: snooze, wake, reassign, change, undo, comment."""

from collections.abc import Callable

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text
from loyalty.core.people.session import signed_in
from rewards.approvals import forms, revising, shelving, talking, undoing
from rewards.approvals.pages import render_offer
from rewards.offers.models import Offer


@require_POST
def snooze(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Put an offer aside until a day."""
    form, user = forms.SnoozeForm(request.POST, auto_id="snooze_%s"), signed_in(request)

    def act() -> str:
        until = form.cleaned_data["until"]
        shelving.snooze([offer_id], until, form.cleaned_data["reason"], acting_user=user)
        return f"Snoozed until {day_text(until)}."

    return _work(request, offer_id, "snooze_form", form, act)


@require_POST
def wake(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Put a snoozed offer back in the queue."""
    user = signed_in(request)

    def act() -> str:
        shelving.wake([offer_id], acting_user=user)
        return "Back in the queue."

    return _work(request, offer_id, "", None, act)


@require_POST
def reassign(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Put an offer in somebody else's book."""
    form, user = forms.ReassignForm(request.POST, auto_id="reassign_%s"), signed_in(request)

    def act() -> str:
        person = form.cleaned_data["person"]
        shelving.reassign([offer_id], person.pk, acting_user=user)
        return f"Now in the book of {person.display_name}."

    return _work(request, offer_id, "reassign_form", form, act)


@require_POST
def revise(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Change the terms of an undecided offer."""
    form, user = forms.ReviseForm(request.POST, auto_id="revise_%s"), signed_in(request)

    def act() -> str:
        data = form.cleaned_data
        revising.revise(offer_id, data["validity_days"], data["reason"], digest=data["digest"], acting_user=user)
        return "Changed. Every approval that it had is void; a colleague decides it."

    return _work(request, offer_id, "revise_form", form, act)


@require_POST
def undo(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Take back one's own decision."""
    user = signed_in(request)

    def act() -> str:
        undoing.undo(offer_id, acting_user=user)
        return "Taken back. It waits for you again."

    return _work(request, offer_id, "", None, act)


@require_POST
def comment(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Say something about an offer."""
    form, user = forms.CommentForm(request.POST, auto_id="comment_%s"), signed_in(request)

    def act() -> str:
        talking.comment(offer_id, form.cleaned_data["text"], acting_user=user)
        return "Comment kept."

    return _work(request, offer_id, "comment_form", form, act)


def _work(request: HttpRequest, offer_id: int, name: str, form: Form | None, act: Callable[[], str]) -> HttpResponse:
    get_object_or_404(Offer, pk=offer_id)
    given = {name: form} if form is not None else {}
    if form is not None and not form.is_valid():
        return render_offer(request, offer_id, forms_given=given, status=422)
    try:
        said = act()
    except DomainError as refusal:
        return render_offer(request, offer_id, forms_given=given, refusal=str(refusal), status=refusal.status)
    return render_offer(request, offer_id, announce=said)
