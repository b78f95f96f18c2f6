"""Ready-made campaigns, so that a new team does not start from an empty page."""

from datetime import datetime

from accounts.milestones.models import Milestone
from loyalty.core.people.rules import Function
from rewards.campaigns.models import Campaign, CampaignStatus
from rewards.catalogue.shipped import ensure_shipped as ensure_catalogue
from rewards.fit.shipped import ensure_shipped as ensure_fit

FIRST_REPORT = "first-custom-report"


def ensure_shipped(*, live_since: datetime | None = None) -> Campaign:
    """Make the shipped catalogue and campaign unless they are there.

    With `live_since` (UTC) the campaign is live from that moment; without it is a draft.
    """
    ensure_fit(effective_at=live_since)
    reward = ensure_catalogue(effective_at=live_since)["service-credit-300"]
    campaign, _ = Campaign.objects.get_or_create(
        key="first-custom-report",
        defaults={
            "name": "First custom report",
            "goal": "Habit formation: the first report of their own",
            "owner_function": Function.CS.value,
            "milestone": Milestone.objects.get(key=FIRST_REPORT),
            "reward": reward,
            "status": (CampaignStatus.LIVE if live_since else CampaignStatus.DRAFT).value,
            "live_since": live_since,
        },
    )
    return campaign
