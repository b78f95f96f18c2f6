"""The campaigns and what each did."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.conditions.queries import vocabulary
from accounts.sources.freshness import stale_sources
from loyalty.core.csv import csv_response
from loyalty.core.people.session import signed_in
from rewards.campaigns import queries
from rewards.campaigns.knowing import object_names
from rewards.campaigns.live import needs
from rewards.campaigns.models import Campaign, Candidate
from rewards.campaigns.rules.terms import trigger_in_words

SHOWN = 50


@require_GET
def campaigns(request: HttpRequest) -> HttpResponseBase:
    """All campaigns."""
    rows = queries.campaigns()
    if request.GET.get("format") == "csv":
        header = ["campaign", "goal", "status", "owner", "trigger", "reward", "matched", "offers"]
        lines = (
            [c.name, c.goal, c.status, c.owner_function, row.trigger, rewards, row.matched, row.offered]
            for row in rows
            for c, rewards in [(row.campaign, ", ".join(step.reward.name for step in row.ladder))]
        )
        return csv_response("campaigns", header, lines, acting_user=signed_in(request))
    return render(request, "rewards/campaigns/page.html", {"rows": rows})


@require_GET
def campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """One campaign: its terms, its funnel, and the latest matches with their outcome."""
    found = get_object_or_404(Campaign, pk=campaign_id)
    matches = Candidate.objects.filter(campaign=found).select_related("account", "offer")[:SHOWN]
    context = {
        "campaign": found,
        "trigger": trigger_in_words(found.trigger, object_names()),
        "ladder": queries.ladder_of(found),
        "funnel": queries.funnel(found),
        "cost": queries.cost_so_far(found),
        "matches": matches,
        "stale": stale_sources(needs(found, vocabulary()), now=timezone.now()) if found.is_running else [],
    }
    return render(request, "rewards/campaigns/campaign.html", context)
