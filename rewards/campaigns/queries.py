"""Reading campaigns: the list, a ladder, and finding one by name."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from rewards.campaigns.knowing import object_names
from rewards.campaigns.models import Campaign, CampaignStep, Candidate
from rewards.campaigns.rules.terms import trigger_in_words


@dataclass(frozen=True)
class CampaignRow:
    """A campaign in the list: its trigger and rewards in words, how often it matched, how many offers it made."""

    campaign: Campaign
    trigger: str
    ladder: list[CampaignStep]
    matched: int
    offered: int


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


def find(text: str, limit: int = 5) -> QuerySet[Campaign]:
    """Campaigns whose name has the text."""
    return Campaign.objects.filter(name__icontains=text)[:limit]
