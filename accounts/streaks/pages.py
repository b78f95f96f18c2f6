"""Streaks and power-user tracks under /milestones/: the lists, one beside with its history, and editing."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.milestones.queries import known_event_names
from accounts.milestones.rules import MilestoneStatus
from accounts.sources.freshness import stale_sources
from accounts.sources.rules import Kind
from accounts.streaks import queries, verbs
from accounts.streaks.changing import KIND
from accounts.streaks.forms import NewStreakForm, StreakForm, TermsForm
from accounts.streaks.models import Streak
from accounts.streaks.rules import KIND_LABELS, StreakKind, clean_values, terms_of
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.chips import address, chip, chosen, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in


@require_GET
def streaks(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All streaks, or all tracks; the opened one beside."""
    query, user = request.GET, signed_in(request)
    rows = queries.listed(StreakKind(kind), chosen(query, "status", MilestoneStatus))
    if wants_csv(request):
        return csv_response(f"{kind}s", queries.CSV_HEADER, queries.csv_rows(rows), acting_user=user)
    context: dict[str, Any] = {
        "rows": rows,
        "chips": [chip(query, "status", s.value, s.value.capitalize()) for s in MilestoneStatus],
        "csv_url": address(query, format="csv"),
        "here": address(query),
        "may_create": Function.PRODUCT in user.functions,
        **_about(StreakKind(kind)),
    }
    if found := Streak.objects.select_related("pattern").filter(pk=id_in(query, "open"), kind=kind).first():
        context |= _detail(found, user, query)
    return render(request, "accounts/streaks/page.html", context)


@require_GET
def streak(request: HttpRequest, streak_id: int) -> HttpResponse:
    """One streak or track: as a fragment beside the list, or as a page of its own."""
    return _render(request, _detail(_found(streak_id), signed_in(request), request.GET))


@require_POST
def edit(request: HttpRequest, streak_id: int) -> HttpResponse:
    """Save what is not live; propose everything else; or write a proposal anew."""
    found, user = _found(streak_id), signed_in(request)
    form = _form(found, user, data=request.POST)
    if not form.is_valid():
        return _render(request, _detail(found, user, request.GET) | {"form": form}, status=422)
    try:
        return hand_in(request, KIND, streak_id, form.values, form.cleaned_data, back=("streak", streak_id))
    except DomainError as refusal:
        context = _detail(found, user, request.GET) | {"form": form, "refusal": str(refusal)}
        return _render(request, context, status=refusal.status)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Make a draft; `of` names the streak whose terms it begins with."""
    this = StreakKind(kind)
    like = Streak.objects.select_related("pattern").filter(pk=id_in(request.GET, "of"), kind=kind).first()
    initial = (
        {**verbs.values_of(like), "name": f"Copy of {like.name}"[:120]} if like else NewStreakForm.first_values(this)
    )
    form = NewStreakForm(this, request.POST or None, initial=initial)
    context: dict[str, Any] = {"form": form, "event_names": known_event_names(), **_about(this)}
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.create_streak(this, form.cleaned_data, acting_user=signed_in(request))
        except DomainError as refusal:
            context["refusal"] = str(refusal)
            return render(request, "accounts/streaks/new.html", context, status=refusal.status)
        messages.success(request, "Draft made. It reaches nobody until you make it live.")
        return redirect("streak", made.pk)
    return render(request, "accounts/streaks/new.html", context, status=422 if form.errors else 200)


@require_GET
def preview(request: HttpRequest, kind: str) -> HttpResponse:
    """Whom the terms in the form would have reached; `of` names the streak to compare with."""
    form = TermsForm(StreakKind(kind), request.GET)
    if not form.is_valid():
        return render(request, "accounts/milestones/_preview.html", {"sentences": [], "incomplete": True})
    compared = Streak.objects.select_related("pattern").filter(pk=id_in(request.GET, "of"), kind=kind).first()
    given = {**form.cleaned_data, "name": "Asked", "status": MilestoneStatus.DRAFT.value}
    terms = terms_of(clean_values(StreakKind(kind), {}, given))
    measured = queries.measure(terms, compared.terms if compared else None)
    return render(request, "accounts/milestones/_preview.html", {"sentences": measured.sentences(terms.row_in_words)})


def _found(streak_id: int) -> Streak:
    return get_object_or_404(Streak.objects.select_related("pattern"), pk=streak_id)


def _render(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    name = "_streak" if getattr(request, "htmx", False) else "streak"
    return render(request, f"accounts/streaks/{name}.html", context, status=status)


def _about(kind: StreakKind) -> dict[str, Any]:
    """The words and addresses in which the pages of the two kinds differ."""
    return {
        "tab": f"{kind.value}s",
        "thing": KIND_LABELS[kind],
        "list_url": f"{kind.value}s",
        "new_url": f"{kind.value}-new",
        "preview_url": f"{kind.value}-preview",
    }


def _detail(found: Streak, user: User, query: QueryDict) -> dict[str, Any]:
    initial = _begun(found, query)
    form = _form(found, user, initial=initial)
    terms = terms_of(initial)
    return {
        "streak": found,
        "form": form,
        "applies_at_once": _applies_at_once(found, user) and not form.rewrites,
        "sentences": queries.measure(terms, found.terms).sentences(terms.row_in_words),
        "versions": queries.versions_of(found),
        "reaches": queries.latest_reaches(found),
        "pending": pending_for(KIND, found.pk),
        "event_names": known_event_names(),
        "stale": stale_sources([Kind.USAGE], now=timezone.now()),
        **_about(StreakKind(found.kind)),
    }


def _begun(found: Streak, query: QueryDict) -> dict[str, Any]:
    """What the form begins with: an open request, an earlier version, or what stands."""
    if anew := written_anew(query, KIND, found.pk):
        return anew
    if version := found.versions.select_related("pattern").filter(version=id_in(query, "version")).first():
        # Restored by proposing its values anew; what is live stays live.
        return {
            **verbs.values_of(version),
            "status": found.status,
            "reason": f"Back to version {version.version}",
        }
    return verbs.values_of(found)


def _applies_at_once(found: Streak, user: User) -> bool:
    return found.status != MilestoneStatus.LIVE.value and Function.PRODUCT in user.functions


def _form(found: Streak, user: User, **given: Any) -> StreakForm:
    was_live = found.status != MilestoneStatus.DRAFT.value
    needs_reason = not _applies_at_once(found, user)
    return StreakForm(StreakKind(found.kind), was_live=was_live, needs_reason=needs_reason, **given)
