"""What a change of a milestone would have cost last year: the campaigns on it pay for each reach."""

from decimal import Decimal

from accounts.milestones.changing import KIND, terms_of
from accounts.milestones.models import Milestone
from accounts.milestones.queries import measure
from accounts.milestones.rules import MEASURED_DAYS
from loyalty.core.changes.registry import Values
from loyalty.core.money import money
from rewards.campaigns.models import Campaign, CampaignStatus

MILESTONE_KIND = KIND
PAYING = [CampaignStatus.LIVE.value, CampaignStatus.PILOT.value]


def cost_of_milestone_change(milestone_id: int, values: Values) -> list[str]:
    """One sentence a live campaign: its offers last year under the new terms, against the terms of now."""
    campaigns = list(
        Campaign.objects.filter(milestone_id=milestone_id, status__in=PAYING).select_related("reward").order_by("name")
    )
    if not campaigns:
        return ["No live campaign rewards this milestone, so the change costs nothing by itself."]
    measured = measure(terms_of(values), Milestone.objects.get(pk=milestone_id).terms)
    return [_sentence(campaign, measured.reached, measured.reached_now or 0) for campaign in campaigns]


def _sentence(campaign: Campaign, reached: int, reached_now: int) -> str:
    value, currency = campaign.reward.discount_equivalent, campaign.reward.currency
    new, old = money(value * reached, currency), money(value * reached_now, currency)
    difference = value * (reached - reached_now)
    moved = "the same" if difference == Decimal(0) else f"{money(abs(difference), currency)} "
    if difference:
        moved += "more" if difference > 0 else "less"
    return (
        f"The campaign “{campaign.name}” would have offered {new} over the last {MEASURED_DAYS} days"
        f" instead of {old}: {moved}, had every offer been approved."
    )
