"""Ready-made campaigns, so that a new team does not start from an empty page."""

from datetime import datetime
from decimal import Decimal

from accounts.milestones.models import Milestone
from loyalty.core.people.rules import Function
from rewards.campaigns.models import Campaign, CampaignStatus
from rewards.catalogue.models import Reward

FIRST_REPORT = "first-custom-report"


def ensure_shipped(*, live_since: datetime | None = None) -> Campaign:
    """Make the shipped campaign and its reward unless they are there.

    With `live_since` (UTC) the campaign is live from that moment; without it is a draft.
    """
    reward, _ = Reward.objects.get_or_create(
        key="service-credit-300",
        defaults={
            "name": "$300 service credit",
            "kind": "service_credit",
            "owner_function": Function.FINANCE.value,
            "is_credit": True,
            "face_value": Decimal("300.00"),
            "marginal_cost": Decimal("300.00"),
            "discount_equivalent": Decimal("300.00"),
            "currency": "USD",
            "validity_days": 365,
        },
    )
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
