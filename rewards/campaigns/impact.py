"""What a change of a milestone would have cost last year: the campaigns on it pay for each reach."""

from decimal import Decimal

from accounts.milestones.changing import KIND, terms_of
from accounts.milestones.models import Milestone
from accounts.milestones.queries import measure
from accounts.milestones.rules import MEASURED_DAYS
from loyalty.core.changes.registry import Values
from loyalty.core.money import money
from rewards.campaigns.models import CampaignStep
from rewards.campaigns.rules.statuses import RUNNING
from rewards.campaigns.rules.trigger import TriggerKind

MILESTONE_KIND = KIND
PAYING = [status.value for status in RUNNING]


def cost_of_milestone_change(milestone_id: int, values: Values) -> list[str]:
    """One sentence a live campaign: its offers last year under the new terms, against the terms of now."""
    milestone = Milestone.objects.get(pk=milestone_id)
    first_steps = list(
        CampaignStep.objects.filter(
            position=1,
            campaign__trigger_kind=TriggerKind.MILESTONE.value,
            campaign__trigger_parameters__milestone=milestone.key,
            campaign__status__in=PAYING,
        )
        .select_related("campaign", "reward")
        .order_by("campaign__name")
    )
    if not first_steps:
        return ["No live campaign rewards this milestone, so the change costs nothing by itself."]
    measured = measure(terms_of(values), milestone.terms)
    return [_sentence(step, measured.reached, measured.reached_now or 0) for step in first_steps]


def _sentence(step: CampaignStep, reached: int, reached_now: int) -> str:
    value, currency = step.reward.discount_equivalent, step.reward.currency
    new, old = money(value * reached, currency), money(value * reached_now, currency)
    difference = value * (reached - reached_now)
    moved = "the same" if difference == Decimal(0) else f"{money(abs(difference), currency)} "
    if difference:
        moved += "more" if difference > 0 else "less"
    return (
        f"The campaign “{step.campaign.name}” would have offered {new} over the last {MEASURED_DAYS} days"
        f" instead of {old}: {moved}, had every offer been approved."
    )
