"""What a campaign did: its funnel, with the reason for every drop."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from rewards.campaigns.models import Campaign, Candidate, Outcome
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import OPEN_STATES, OfferState


@dataclass(frozen=True)
class CampaignRow:
    """A campaign in the list, with how often it matched and how many offers it made."""

    campaign: Campaign
    matched: int
    offered: int


@dataclass(frozen=True)
class Stage:
    """One step of the funnel; `drops` are (reason, how many) that went no further."""

    label: str
    count: int
    drops: list[tuple[str, int]]


def campaigns() -> list[CampaignRow]:
    """All campaigns by name."""
    counts = Candidate.objects.values_list("campaign").annotate(Count("id"), Count("offer")).order_by()
    by_campaign = {campaign: (matched, offered) for campaign, matched, offered in counts}
    rows = Campaign.objects.select_related("milestone", "reward")
    return [CampaignRow(row, *by_campaign.get(row.pk, (0, 0))) for row in rows]


def funnel(campaign: Campaign) -> list[Stage]:
    """Matched → proposed → granted, each with what dropped out and why."""
    outcomes = Candidate.objects.filter(campaign=campaign)
    capped = outcomes.filter(outcome=Outcome.CAPPED.value)
    by_state = dict(Offer.objects.filter(campaign=campaign).values_list("state").annotate(Count("id")).order_by())
    still_open = sum(by_state.get(s.value, 0) for s in OPEN_STATES)
    ended = [OfferState.REJECTED, OfferState.LAPSED, OfferState.WITHDRAWN]
    return [
        Stage(
            "Matched",
            outcomes.count(),
            [(r, n) for r, n in capped.values_list("reason").annotate(n=Count("id")).order_by("-n")[:5]],
        ),
        Stage(
            "Proposed",
            sum(by_state.values()),
            [(s.label, by_state[s.value]) for s in ended if by_state.get(s.value)]
            + ([("still being decided", still_open)] if still_open else []),
        ),
        Stage("Granted", Grant.objects.filter(offer__campaign=campaign).count(), []),
    ]


def cost_so_far(campaign: Campaign) -> Decimal:
    """Face value of what was granted, in the reward's currency."""
    total = Grant.objects.filter(offer__campaign=campaign).aggregate(sum=Sum("face_value"))["sum"]
    return total or Decimal(0)


def find(text: str, limit: int = 5) -> QuerySet[Campaign]:
    """Campaigns whose name has the text."""
    return Campaign.objects.filter(name__icontains=text)[:limit]
