"""The campaigns, what each did, and all of them against one another."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.sources.freshness import stale_sources
from loyalty.core.changes.queries import pending_for
from loyalty.core.chips import address, chip, chosen
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from loyalty.core.people.session import signed_in
from rewards.campaigns import queries
from rewards.campaigns.comparing import CSV_HEADER, compared, csv_rows
from rewards.campaigns.ending import ending_of, last_change, stamp_of
from rewards.campaigns.funnel import funnel
from rewards.campaigns.knowing import known
from rewards.campaigns.live import needs
from rewards.campaigns.models import KIND, Campaign, Candidate
from rewards.campaigns.picture import funnel_picture
from rewards.campaigns.rules.statuses import CampaignAction, CampaignStatus, actions_of
from rewards.campaigns.rules.terms import needs_in_words, trigger_in_words, value_in_words
from rewards.campaigns.standing import approvals_of, came_before
from rewards.campaigns.worth import compared_with_held_out, cost_so_far

SHOWN = 10
BUTTONS = {
    CampaignAction.MODEL: "Take it as modelled",
    CampaignAction.START_PILOT: "Start the pilot",
    CampaignAction.LAUNCH: "Launch",
    CampaignAction.PAUSE: "Pause",
    CampaignAction.RESUME: "Go on",
    CampaignAction.RETIRE: "Retire",
}
NEEDS_REASON = (CampaignAction.PAUSE, CampaignAction.RETIRE)


@require_GET
def campaigns(request: HttpRequest) -> HttpResponseBase:
    """All campaigns, or those of a status or an owner."""
    query = request.GET
    status, owner = chosen(query, "status", CampaignStatus), chosen(query, "owner", Function)
    rows = [
        row
        for row in queries.campaigns()
        if status in ("", row.campaign.status) and owner in ("", row.campaign.owner_function)
    ]
    if wants_csv(request):
        header = ["campaign", "goal", "status", "owner", "trigger", "reward", "matched", "offers"]
        lines = (
            [c.name, c.goal, c.status, c.owner_function, row.trigger, rewards, row.matched, row.offered]
            for row in rows
            for c, rewards in [(row.campaign, ", ".join(step.reward.name for step in row.ladder))]
        )
        return csv_response("campaigns", header, lines, acting_user=signed_in(request))
    chips = [chip(query, "status", s.value, s.value.capitalize()) for s in CampaignStatus]
    chips += [chip(query, "owner", f.value, FUNCTION_LABELS[f]) for f in Function]
    context = {"rows": rows, "chips": chips, "csv_url": address(query, format="csv"), "filtered": bool(status or owner)}
    return render(request, "rewards/campaigns/page.html", context)


@require_GET
def compare(request: HttpRequest) -> HttpResponseBase:
    """The tactic table: campaigns against one another by goal, data, cost, gain and complexity."""
    rows = compared()
    if wants_csv(request):
        return csv_response("tactics", CSV_HEADER, csv_rows(rows), acting_user=signed_in(request))
    return render(request, "rewards/campaigns/compare.html", {"rows": rows, "csv_url": "?format=csv"})


@require_GET
def campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """One campaign: its terms, its life, its funnel, and the latest matches with their outcome."""
    return shown(request, get_object_or_404(Campaign, pk=campaign_id))


def shown(request: HttpRequest, found: Campaign, *, refusal: str = "", status: int = 200) -> HttpResponse:
    """The page of a campaign, with what was refused when something was."""
    user, words = signed_in(request), known()
    needed = needs(found, words.vocabulary)
    change = last_change(found.pk)
    stages, approvals = funnel(found), approvals_of(found, user, change)
    context: dict[str, Any] = {
        "campaign": found,
        "trigger": trigger_in_words(found.trigger, words.names),
        "audience": value_in_words("audience", found.audience, words, ""),
        "needs": needs_in_words(needed),
        "ladder": queries.ladder_of(found),
        "funnel": stages,
        "picture": funnel_picture(stages, found.name),
        "cost": cost_so_far(found),
        "comparison": compared_with_held_out(found),
        "matches": Candidate.objects.filter(campaign=found).select_related("account", "offer")[:SHOWN],
        "stale": stale_sources(needed, now=timezone.now()) if found.is_running else [],
        "owns": Function(found.owner_function) in user.functions,
        "actions": [
            {"value": action.value, "label": BUTTONS[action], "needs_reason": action in NEEDS_REASON}
            for action in actions_of(CampaignStatus(found.status))
            if action in BUTTONS
        ],
        "approvals": approvals,
        "has_standing_approval": all(approval.holds for approval in approvals),
        "ending": ending_of(change) if change and came_before(change, found) else None,
        "rewards_stamp": stamp_of(change),
        "versions": found.versions.select_related("written_by"),
        "pending": pending_for(KIND, found.pk),
        "refusal": refusal,
    }
    return render(request, "rewards/campaigns/campaign.html", context, status=status)
