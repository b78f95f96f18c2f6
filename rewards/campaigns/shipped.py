"""The ready-made campaigns, made as drafts, so that a new team does not start from an empty page."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from rewards.campaigns.knowing import known
from rewards.campaigns.models import Campaign
from rewards.campaigns.ready import READY_MADE
from rewards.campaigns.rules.statuses import CampaignStatus
from rewards.campaigns.rules.terms import DEFAULTS, clean_values
from rewards.campaigns.verbs import add_campaign

FIRST_REPORT = "first-custom-report"
SHIPPED_WITH = "Shipped with the application"


@transaction.atomic
def ensure_shipped(*, live_since: datetime | None = None, live: Collection[str] = (FIRST_REPORT,)) -> list[Campaign]:
    """Make the ready-made campaigns that are not there, as drafts; returns all of them.

    Segments, tiers, streaks, milestones and rewards have to be there before. With
    `live_since` (UTC) those whose keys are in `live` run from that moment: for a
    company that comes with a history, such as the demo's.
    """
    found = Campaign.objects.in_bulk([ready.key for ready in READY_MADE], field_name="key")
    words = known()
    for ready in READY_MADE:
        if ready.key in found:
            continue
        terms = clean_values(DEFAULTS, ready.terms, words)
        made = add_campaign(ready.key, terms, ready.owner, acting_user=None, reason=SHIPPED_WITH)
        if live_since and ready.key in live:
            made.status, made.live_since = CampaignStatus.LIVE.value, live_since
            made.save(update_fields=["status", "live_since"])
        found[ready.key] = made
    return [found[ready.key] for ready in READY_MADE]
