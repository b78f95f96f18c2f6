"""Ready-made campaigns, so that a new team does not start from an empty page."""

from datetime import datetime

from django.db import transaction

from loyalty.core.people.rules import Function
from rewards.campaigns.knowing import known
from rewards.campaigns.models import Campaign
from rewards.campaigns.rules.statuses import CampaignStatus
from rewards.campaigns.rules.terms import DEFAULTS, clean_values
from rewards.campaigns.verbs import add_campaign
from rewards.catalogue.shipped import ensure_shipped as ensure_catalogue
from rewards.fit.shipped import ensure_shipped as ensure_fit

FIRST_REPORT = "first-custom-report"
SHIPPED_WITH = "Shipped with the application"


@transaction.atomic
def ensure_shipped(*, live_since: datetime | None = None) -> Campaign:
    """Make the shipped catalogue, contract fit and campaign unless they are there.

    With `live_since` (UTC) the campaign is live from that moment; without it is a draft.
    """
    ensure_fit(effective_at=live_since)
    ensure_catalogue(effective_at=live_since)
    found = Campaign.objects.filter(key=FIRST_REPORT).first()
    if found is not None:
        return found
    terms = {
        "name": "First custom report",
        "goal": "Habit formation: the first report of their own",
        "trigger": {"kind": "milestone", "milestone": FIRST_REPORT},
        "ladder": [{"reward": "service-credit-300", "wait_days": 0}],
        "data_needed": "Product events",
        "short_term_cost": "low",
        "expected_ltv_gain": "medium",
        "complexity": "low",
    }
    made = add_campaign(
        FIRST_REPORT, clean_values(DEFAULTS, terms, known()), Function.CS, acting_user=None, reason=SHIPPED_WITH
    )
    if live_since:
        made.status, made.live_since = CampaignStatus.LIVE.value, live_since
        made.save(update_fields=["status", "live_since"])
    return made
