"""The catalogue at /rewards/: the list, one beside it with its history, editing, a new draft."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.changes.registry import measured_impact
from loyalty.core.chips import address, chip, chosen, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.session import signed_in
from rewards.catalogue import queries, verbs
from rewards.catalogue.changing import KIND
from rewards.catalogue.forms import NewRewardForm, RewardForm
from rewards.catalogue.models import Reward, RewardVersion
from rewards.catalogue.rules import FIELD_LABELS, NATURE_WORDS, Nature, RewardStatus, field_in_words
from rewards.catalogue.telling import facts_of


@require_GET
def rewards(request: HttpRequest) -> HttpResponseBase:
    """The whole catalogue, status rewards and credits before discounts; the opened one beside."""
    query, user = request.GET, signed_in(request)
    nature, status = chosen(query, "nature", Nature), chosen(query, "status", RewardStatus)
    lines = queries.catalogue(status, nature, query.get("q", ""))
    if wants_csv(request):
        return csv_response("rewards", queries.CSV_HEADER, queries.csv_rows(lines), acting_user=user)
    context: dict[str, Any] = {
        "lines": lines,
        "chips": [chip(query, "nature", n.value, n.value.capitalize()) for n in Nature]
        + [chip(query, "status", s.value, s.value.capitalize()) for s in RewardStatus],
        "csv_url": address(query, format="csv"),
        "here": address(query),
    }
    if found := Reward.objects.filter(pk=id_in(query, "open")).first():
        context |= _detail(found, user, query)
    return render(request, "rewards/catalogue/page.html", context)


@require_GET
def reward(request: HttpRequest, reward_id: int) -> HttpResponse:
    """One reward: as a fragment beside the list, or as a page of its own."""
    found = get_object_or_404(Reward, pk=reward_id)
    return _render(request, _detail(found, signed_in(request), request.GET))


@require_POST
def edit(request: HttpRequest, reward_id: int) -> HttpResponse:
    """Save what is not live and one's own; propose everything else; or write a proposal anew."""
    found, user = get_object_or_404(Reward, pk=reward_id), signed_in(request)
    form = _form(found, data=request.POST)
    if not form.is_valid():
        return _render(request, _detail(found, user, request.GET) | {"form": form}, status=422)
    try:
        return hand_in(request, KIND, reward_id, form.values, form.cleaned_data, back=("reward", reward_id))
    except DomainError as refusal:
        context = _detail(found, user, request.GET) | {"form": form, "refusal": str(refusal)}
        return _render(request, context, status=refusal.status)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a draft."""
    form = NewRewardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        value = f"{data['face_value'] or 0:.2f}"
        values = data | {"face_value": value, "marginal_cost": value, "discount_equivalent": value}
        try:
            made = verbs.create_reward(values.pop("kind"), values, acting_user=signed_in(request))
        except DomainError as refusal:
            context = {"form": form, "refusal": str(refusal)}
            return render(request, "rewards/catalogue/new.html", context, status=refusal.status)
        messages.success(request, "Draft made. No campaign can give it until it is live.")
        return redirect("reward", made.pk)
    return render(request, "rewards/catalogue/new.html", {"form": form}, status=422 if form.errors else 200)


def _render(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    name = "_reward" if getattr(request, "htmx", False) else "reward"
    return render(request, f"rewards/catalogue/{name}.html", context, status=status)


def _detail(found: Reward, user: User, query: QueryDict) -> dict[str, Any]:
    anew = written_anew(query, KIND, found.pk)
    restored = None if anew else _restored(found, id_in(query, "restore"))
    initial = anew or restored or verbs.values_of(found)
    return {
        "reward": found,
        "line": queries.line_of(found),
        "facts": facts_of(found),
        "nature_words": NATURE_WORDS[found.nature],
        "form": _form(found, initial=initial),
        "is_live": found.status == RewardStatus.LIVE.value,
        "restores": bool(restored),
        "sentences": measured_impact(KIND, found.pk, initial) if anew or restored else [],
        "versions": [_version(found, v) for v in found.versions.all()],
        "pending": pending_for(KIND, found.pk),
    }


def _restored(found: Reward, version: int) -> dict[str, Any] | None:
    """The values of an earlier version, to be proposed again; with the reason; its status stays that of now."""
    kept = found.versions.filter(version=version).exclude(version=found.version).first() if version else None
    return {**kept.values, "status": found.status, "reason": f"Back to version {version}."} if kept else None


def _version(found: Reward, kept: RewardVersion) -> dict[str, Any]:
    shown = ("value_basis", "percent", "face_value", "discount_equivalent", "supply_limit", "validity_days")
    said = partial(field_in_words, found.currency)
    told = [f"{FIELD_LABELS[f]}: {said(f, kept.values[f])}" for f in shown if kept.values.get(f) is not None]
    return {
        "number": kept.version,
        "status": kept.values["status"],
        "told": "; ".join(told),
        "effective_at": kept.effective_at,
    }


def _form(found: Reward, **given: Any) -> RewardForm:
    was_live = found.status != RewardStatus.DRAFT.value
    return RewardForm(was_live=was_live, needs_reason=was_live, **given)
