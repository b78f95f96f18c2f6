"""What a campaign did: its funnel, with the reason for every drop."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from rewards.campaigns.knowing import object_names
from rewards.campaigns.models import Campaign, CampaignStep, Candidate, Outcome
from rewards.campaigns.rules.terms import trigger_in_words
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import OPEN_STATES, OfferState


@dataclass(frozen=True)
class CampaignRow:
    """A campaign in the list: its trigger and rewards in words, how often it matched, how many offers it made."""

    campaign: Campaign
    trigger: str
    ladder: list[CampaignStep]
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
    names = object_names()
    return [
        CampaignRow(row, trigger_in_words(row.trigger, names), list(row.steps.all()), *by_campaign.get(row.pk, (0, 0)))
        for row in Campaign.objects.prefetch_related("steps__reward")
    ]


def ladder_of(campaign: Campaign) -> list[CampaignStep]:
    """The steps in order, with their rewards."""
    return list(campaign.steps.select_related("reward").order_by("position"))


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
