"""Making and editing campaigns: from a ready-made one or a bare trigger, by the owner or by request."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from loyalty.core.changes.forms import BESIDE
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.changes.registry import measured_impact
from loyalty.core.chips import id_in
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from loyalty.core.people.session import signed_in
from rewards.campaigns.cautions import discount_caution
from rewards.campaigns.forms import CampaignForm, initial_of
from rewards.campaigns.knowing import known
from rewards.campaigns.measuring import impact_in_words
from rewards.campaigns.models import KIND, Campaign
from rewards.campaigns.ready import BY_KEY, READY_MADE
from rewards.campaigns.rules.terms import DEFAULTS, BadTerms, Known, clean_values, trigger_in_words
from rewards.campaigns.rules.trigger import Trigger, TriggerKind
from rewards.campaigns.rules.triggers import TRIGGERS
from rewards.campaigns.verbs import create_campaign, values_of

PREVIEW = "preview"
GIVE_A_REASON = "Say why it has to be a discount."


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Where a new campaign comes from: a ready-made one, or any of the triggers."""
    names, taken = known().names, set(Campaign.objects.values_list("key", flat=True))
    ready = [
        {"ready": one, "trigger": trigger_in_words(one.terms["trigger"], names), "is_there": one.key in taken}
        for one in READY_MADE
    ]
    triggers = [
        {"trigger": trigger, "owner": FUNCTION_LABELS[trigger.owner], "kind": kind.value}
        for kind, trigger in TRIGGERS.items()
    ]
    return render(request, "rewards/campaigns/start.html", {"ready": ready, "triggers": triggers})


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A draft; `trigger` names the kind, `ready` a ready-made campaign to begin with, `copy` one that is there."""
    user, terms = signed_in(request), _terms_to_begin_with(request)
    if terms is None:
        return redirect("campaign-start")
    trigger, words = TRIGGERS[TriggerKind(terms["trigger"]["kind"])], known()
    owner = _owner_to_begin_with(request, trigger)
    form = CampaignForm(trigger, words, request.POST or None, initial=initial_of(terms), needs_reason=False)
    refusal, caution, status, sentences = "", None, 200, []
    if request.method == "POST" and not form.is_step:
        status = 422
        if form.is_valid():
            caution = discount_caution(form.values, words)
            if PREVIEW in request.POST:
                status, sentences = 200, _measured(form, {}, words, lambda values: impact_in_words(None, values))
            elif caution and not form.cleaned_data["reason"].strip():
                form.add_error("reason", GIVE_A_REASON)
            else:
                try:
                    values = {**form.values, "owner_function": owner.value}
                    made = create_campaign(values, acting_user=user, reason=form.cleaned_data["reason"])
                except BadTerms as bad:
                    form.take_faults(bad.faults)
                except DomainError as error:
                    refusal, status = str(error), error.status
                else:
                    messages.success(request, "Draft made. It does nothing until it is approved and launched.")
                    return redirect("campaign", made.pk)
    context = {"form": form, "trigger": trigger, "refusal": refusal, "caution": caution, "sentences": sentences}
    context["owner"] = FUNCTION_LABELS[owner]
    return render(request, "rewards/campaigns/new.html", context, status=status)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The owner's edit of what does not run is saved at once; every other becomes a change request."""
    found, user = get_object_or_404(Campaign, pk=campaign_id), signed_in(request)
    terms, extra = _terms_to_edit(request, found)
    words, at_once = known(), _applies_at_once(found, user) and not extra.get("change")
    needs_reason = not at_once and PREVIEW not in request.POST
    form = CampaignForm(
        found.kind, words, request.POST or None, initial=initial_of(terms) | extra, needs_reason=needs_reason
    )
    form.rule_field("audience").before = found.audience or None
    refusal, caution, status, sentences = "", None, 200, []
    if request.method == "GET" and extra:
        sentences = _impact_of(found, terms, words)
    if request.method == "POST" and not form.is_step:
        status = 422
        if form.is_valid():
            caution = discount_caution(form.values, words)
            if PREVIEW in request.POST:
                status, sentences = (
                    200,
                    _measured(form, values_of(found), words, lambda values: measured_impact(KIND, found.pk, values)),
                )
            elif caution and not form.cleaned_data["reason"].strip():
                form.add_error("reason", GIVE_A_REASON)
            else:
                try:
                    return _save(request, found, form)
                except BadTerms as bad:
                    form.take_faults(bad.faults)
                except DomainError as error:
                    refusal, status = str(error), error.status
    context: dict[str, Any] = {
        "campaign": found,
        "form": form,
        "trigger": found.kind,
        "refusal": refusal,
        "caution": caution,
        "at_once": at_once,
        "pending": pending_for(KIND, found.pk),
        "sentences": sentences,
    }
    return render(request, "rewards/campaigns/edit.html", context, status=status)


def _measured(
    form: CampaignForm, now: Mapping[str, Any], words: Known, measure: Callable[[dict[str, Any]], list[str]]
) -> list[str]:
    """What the terms of a form would mean; nothing when they make no sense, which is then shown beside the fields."""
    try:
        return measure(clean_values(now, form.values, words))
    except BadTerms as bad:
        form.take_faults(bad.faults)
        return []


def _impact_of(found: Campaign, terms: Mapping[str, Any], words: Known) -> list[str]:
    """What a proposal or an earlier version would mean now; nothing when it speaks of what is gone."""
    try:
        return measured_impact(KIND, found.pk, clean_values(values_of(found), terms, words))
    except BadTerms:
        return []


def _save(request: HttpRequest, found: Campaign, form: CampaignForm) -> HttpResponse:
    saved = "Saved. It has to be modelled and approved again."
    return hand_in(request, KIND, found.pk, form.values, form.cleaned_data, back=("campaign", found.pk), saved=saved)


def _terms_to_begin_with(request: HttpRequest) -> dict[str, Any] | None:
    query = request.GET
    if ready := BY_KEY.get(query.get("ready", "")):
        return {**DEFAULTS, **ready.terms}
    if copied := Campaign.objects.filter(pk=id_in(query, "copy")).first():
        terms = values_of(copied)
        return {**terms, "name": f"{terms['name']} (copy)"[:120], "holdout_seed": ""}
    kind = query.get("trigger", "")
    if kind not in list(TriggerKind):
        return None
    parameters = {p.name: p.default for p in TRIGGERS[TriggerKind(kind)].parameters}
    return {**DEFAULTS, "trigger": {"kind": kind, **parameters}}


def _owner_to_begin_with(request: HttpRequest, trigger: Trigger) -> Function:
    """Who owns the draft: the owner of what it begins with, or of the bare trigger."""
    if ready := BY_KEY.get(request.GET.get("ready", "")):
        return ready.owner
    copied = Campaign.objects.filter(pk=id_in(request.GET, "copy")).first()
    return Function(copied.owner_function) if copied else trigger.owner


def _terms_to_edit(request: HttpRequest, found: Campaign) -> tuple[dict[str, Any], dict[str, Any]]:
    """The terms that the form begins with, of now, of a proposal or of a version, and what stands beside them."""
    if anew := written_anew(request.GET, KIND, found.pk):
        return anew, {name: anew[name] for name in BESIDE}
    version = id_in(request.GET, "restore")
    earlier = found.versions.filter(version=version).exclude(version=found.version).first()
    if earlier:
        return {**DEFAULTS, **earlier.terms}, {"reason": f"Back to version {version}."}
    return values_of(found), {}


def _applies_at_once(found: Campaign, user: User) -> bool:
    return not found.is_running and Function(found.owner_function) in user.functions
