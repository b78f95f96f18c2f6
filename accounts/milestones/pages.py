"""Milestones at /milestones/: the list, one beside it with its history, editing, and who would match."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.milestones import queries, verbs
from accounts.milestones.changing import KIND, terms_of
from accounts.milestones.forms import MilestoneForm, NewMilestoneForm, TermsForm
from accounts.milestones.models import Milestone
from accounts.milestones.rules import MilestoneStatus, times_in_words
from accounts.sources.freshness import stale_sources
from accounts.sources.rules import Kind
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.chips import address, chip, chosen, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in


@require_GET
def milestones(request: HttpRequest) -> HttpResponseBase:
    """All milestones; the opened one beside."""
    query, user = request.GET, signed_in(request)
    rows = queries.listed(chosen(query, "status", MilestoneStatus))
    if wants_csv(request):
        return csv_response("milestones", queries.CSV_HEADER, queries.csv_rows(rows), acting_user=user)
    context: dict[str, Any] = {
        "rows": rows,
        "chips": [chip(query, "status", s.value, s.value.capitalize()) for s in MilestoneStatus],
        "csv_url": address(query, format="csv"),
        "here": address(query),
        "may_create": Function.PRODUCT in user.functions,
        "tab": "milestones",
    }
    if found := Milestone.objects.filter(pk=id_in(query, "open")).first():
        context |= _detail(found, user, query)
    return render(request, "accounts/milestones/page.html", context)


@require_GET
def milestone(request: HttpRequest, milestone_id: int) -> HttpResponse:
    """One milestone: as a fragment beside the list, or as a page of its own."""
    found = get_object_or_404(Milestone, pk=milestone_id)
    return _render(request, _detail(found, signed_in(request), request.GET))


@require_POST
def edit(request: HttpRequest, milestone_id: int) -> HttpResponse:
    """Save what is not live; propose everything else; or write a proposal anew."""
    found, user = get_object_or_404(Milestone, pk=milestone_id), signed_in(request)
    form = _form(found, user, data=request.POST)
    if not form.is_valid():
        return _render(request, _detail(found, user, request.GET) | {"form": form}, status=422)
    try:
        return hand_in(request, KIND, milestone_id, form.values, form.cleaned_data, back=("milestone", milestone_id))
    except DomainError as refusal:
        context = _detail(found, user, request.GET) | {"form": form, "refusal": str(refusal)}
        return _render(request, context, status=refusal.status)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a draft."""
    form = NewMilestoneForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "event_names": queries.known_event_names()}
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.create_milestone(form.cleaned_data, acting_user=signed_in(request))
        except DomainError as refusal:
            return render(
                request, "accounts/milestones/new.html", context | {"refusal": str(refusal)}, status=refusal.status
            )
        messages.success(request, "Draft made. It reaches nobody until you make it live.")
        return redirect("milestone", made.pk)
    return render(request, "accounts/milestones/new.html", context, status=422 if form.errors else 200)


@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """Whom the terms in the form would have reached; `of` names the milestone to compare with."""
    compared = Milestone.objects.filter(pk=id_in(request.GET, "of")).first()
    form = TermsForm(request.GET, milestone_id=compared.pk if compared else None)
    if not form.is_valid():
        return render(request, "accounts/milestones/_preview.html", {"sentences": [], "incomplete": True})
    terms = terms_of(form.cleaned_data)
    measured = queries.measure(terms, compared.terms if compared else None)
    return render(
        request, "accounts/milestones/_preview.html", {"sentences": measured.sentences(times_in_words(terms.count))}
    )


def _render(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    name = "_milestone" if getattr(request, "htmx", False) else "milestone"
    return render(request, f"accounts/milestones/{name}.html", context, status=status)


def _detail(found: Milestone, user: User, query: QueryDict) -> dict[str, Any]:
    initial = _begun(found, query)
    form = _form(found, user, initial=initial)
    return {
        "milestone": found,
        "form": form,
        "applies_at_once": _applies_at_once(found, user) and not form.rewrites,
        "sentences": queries.measure(terms_of(initial), found.terms).sentences(times_in_words(initial["count"])),
        "versions": queries.versions_of(found),
        "reaches": queries.latest_reaches(found),
        "pending": pending_for(KIND, found.pk),
        "event_names": queries.known_event_names(),
        "stale": stale_sources([Kind.USAGE], now=timezone.now()),
    }


def _begun(found: Milestone, query: QueryDict) -> dict[str, Any]:
    """What the form begins with: an open request, an earlier version, or what stands."""
    if anew := written_anew(query, KIND, found.pk):
        return anew
    if version := found.versions.filter(version=id_in(query, "version")).first():
        # Restored by proposing its values anew; what is live stays live.
        return {
            **verbs.values_of(version),
            "status": found.status,
            "reason": f"Back to version {version.version}",
        }
    return verbs.values_of(found)


def _applies_at_once(found: Milestone, user: User) -> bool:
    return found.status != MilestoneStatus.LIVE.value and Function.PRODUCT in user.functions


def _form(found: Milestone, user: User, **given: Any) -> MilestoneForm:
    was_live = found.status != MilestoneStatus.DRAFT.value
    needs_reason = not _applies_at_once(found, user)
    return MilestoneForm(milestone_id=found.pk, was_live=was_live, needs_reason=needs_reason, **given)
