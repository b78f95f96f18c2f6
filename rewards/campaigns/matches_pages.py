"""The matches behind the figures of a campaign's funnel, at /campaigns/<id>/matches/."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from loyalty.core.chips import address, chip, chosen
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.keyset import page_of
from loyalty.core.people.session import signed_in
from rewards.campaigns.funnel import Reached, those_at
from rewards.campaigns.models import Campaign

CSV_HEADER = ("account", "step", "cause_on", "outcome", "reason", "offer", "state", "matched_at")


@require_GET
def matches(request: HttpRequest, campaign_id: int) -> HttpResponseBase:
    """Those that came as far as `stage`; with `stopped` those that came no further for that reason."""
    found, query = get_object_or_404(Campaign, pk=campaign_id), request.GET
    stage = chosen(query, "stage", list(Reached))
    stopped = query.get("stopped") if stage else None
    rows = those_at(found, stage, stopped).select_related("account", "offer")
    if wants_csv(request):
        lines = (
            [m.account.name, m.step, m.caused_on, m.outcome, m.reason, m.offer_id, m.offer and m.offer.state, m.at]
            for m in rows.order_by("-id").iterator(chunk_size=2000)
        )
        return csv_response("matches", CSV_HEADER, lines, acting_user=signed_in(request))
    bare = query.copy()
    bare.pop("stopped", None)
    context = {
        "campaign": found,
        "chips": [chip(bare, "stage", s.value, s.label) for s in Reached if s is not Reached.MATCHED],
        "page": page_of(rows, ["-id"], query),
        "csv_url": address(query, format="csv"),
        "stage": Reached(stage).label if stage else "",
        "stopped": stopped is not None,
        "whole_stage_url": address(query, stopped=""),
    }
    return render(request, "rewards/campaigns/matches.html", context)
