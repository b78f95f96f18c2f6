"""The tactic table: what each campaign is for, what it needs, costs and brings, and what it did so far."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from rewards.campaigns.knowing import known
from rewards.campaigns.models import Campaign, Candidate
from rewards.campaigns.ready import BY_KEY, READY_MADE
from rewards.campaigns.rules.terms import LEVELS, trigger_in_words
from rewards.offers.models import Grant

CSV_HEADER = (
    "tactic",
    "campaign",
    "goal",
    "trigger",
    "data_needed",
    "short_term_cost",
    "expected_ltv_gain",
    "complexity",
    "layer",
    "status",
    "matched",
    "offers",
    "granted",
)


@dataclass(frozen=True)
class Tactic:
    """One campaign in the table; `granted` is the discount-equivalent of its grants in the reporting currency."""

    campaign: Campaign
    tactic: str
    layer: int
    trigger: str
    matched: int
    offers: int
    granted: Decimal

    def level(self, field: str) -> str:
        return LEVELS[getattr(self.campaign, field)]

    @property
    def cost(self) -> str:
        return self.level("short_term_cost")

    @property
    def gain(self) -> str:
        return self.level("expected_ltv_gain")

    @property
    def effort(self) -> str:
        return self.level("complexity")


def compared() -> list[Tactic]:
    """All campaigns: the first layer first, then in the order of the tactics; a team's own come last."""
    counts = Candidate.objects.values_list("campaign").annotate(Count("id"), Count("offer")).order_by()
    by_campaign = {campaign: (matched, offered) for campaign, matched, offered in counts}
    granted = dict(Grant.objects.values_list("offer__campaign").annotate(Sum("offer__discount_equivalent")).order_by())
    order = {ready.key: n for n, ready in enumerate(READY_MADE)}
    names = known().names
    rows = []
    for campaign in Campaign.objects.all():
        ready = BY_KEY.get(campaign.key)
        rows.append(
            Tactic(
                campaign,
                ready.tactic if ready else "Own",
                ready.layer if ready else 2,
                trigger_in_words(campaign.trigger, names),
                *by_campaign.get(campaign.pk, (0, 0)),
                granted.get(campaign.pk) or Decimal(0),
            )
        )
    return sorted(rows, key=lambda r: (r.layer, order.get(r.campaign.key, len(order)), r.campaign.name))


def csv_rows(rows: list[Tactic]) -> Iterator[list[object]]:
    """One line a campaign, in the order of CSV_HEADER."""
    for row in rows:
        c = row.campaign
        judged = [c.short_term_cost, c.expected_ltv_gain, c.complexity]
        head = [row.tactic, c.name, c.goal, row.trigger, c.data_needed]
        yield [*head, *judged, row.layer, c.status, row.matched, row.offers, row.granted]
