"""The perks of one tier at /tiers/<id>/perks/, and their words beside the list of tiers."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.tiers.models import Tier
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.chips import id_in
from loyalty.core.errors import DomainError
from rewards.perks.changing import KIND
from rewards.perks.forms import PerksForm
from rewards.perks.models import TierPerks, TierPerksVersion
from rewards.perks.posting import posted_by
from rewards.perks.rules import in_words
from rewards.perks.verbs import perks_of, values_of, written_perks_of


@require_GET
def brief(request: HttpRequest, tier_id: int) -> HttpResponse:
    """What a tier brings, in half a line."""
    perks = perks_of(get_object_or_404(Tier, pk=tier_id))
    return render(request, "rewards/perks/_brief.html", {"perks": perks, "words": in_words(values_of(perks))})


@require_http_methods(["GET", "POST"])
def perks(request: HttpRequest, tier_id: int) -> HttpResponse:
    """What a tier brings, its history, and an edit of it."""
    tier = get_object_or_404(Tier, pk=tier_id)
    found = written_perks_of(tier) if request.method == "POST" else perks_of(tier)
    form = PerksForm(request.POST or None, initial=_initial(request, found))
    refusal, status = "", 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            return hand_in(request, KIND, found.pk, form.values, form.cleaned_data, back=("tiers",))
        except DomainError as error:
            refusal, status = str(error), error.status
    context: dict[str, Any] = {
        "perks": found,
        "words": in_words(values_of(found)),
        "form": form,
        "refusal": refusal,
        "posted_by": posted_by(),
        "versions": [(v, in_words(v.values)) for v in found.versions.all()] if found.pk else [],
        "pending": pending_for(KIND, found.pk) if found.pk else [],
    }
    return render(request, "rewards/perks/page.html", context, status=status)


def _initial(request: HttpRequest, found: TierPerks) -> dict[str, Any]:
    if anew := written_anew(request.GET, KIND, found.pk or 0):
        return anew
    version = id_in(request.GET, "restore")
    kept = TierPerksVersion.objects.filter(perks_id=found.pk, version=version)
    earlier = kept.exclude(version=found.version).first()
    return {**earlier.values, "reason": f"Back to version {version}."} if earlier else values_of(found)
