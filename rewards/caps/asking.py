"""What the campaigns that run will ask of a cap until its period ends, by what they asked for of late.

Campaigns, offers and candidates stand on higher floors; here they are only tables.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection

from loyalty.core.money import cents
from loyalty.core.periods import Period
from rewards.caps.models import Cap
from rewards.caps.rules import BY_FACTS, CapMeasure, quantity

WINDOW_DAYS = 90
"""As many days back are looked at, or as many as the campaign has run."""

# A candidate that a cap refused asked as well; without a fixed value it counts as the campaign's mean offer.
_ASKED = """
WITH running AS (
    SELECT id, name, owner_function,
           greatest(least(%(window)s, %(today)s - (live_since AT TIME ZONE 'UTC')::date + 1), 1) AS days
    FROM rewards_campaign WHERE status IN ('live', 'pilot')
), asked AS (
    SELECT running.id, count(*) AS offers,
           sum(cap_takes(%(measure)s, offer.discount_equivalent, reward.delivery = 'by_hand')) AS amount
    FROM running
    JOIN rewards_offer AS offer ON offer.campaign_id = running.id
    JOIN rewards_reward AS reward ON reward.id = offer.reward_id
    CROSS JOIN LATERAL cap_asker(
        offer.account_id, (offer.proposed_at AT TIME ZONE 'UTC')::date, %(by_facts)s) AS asker
    CROSS JOIN LATERAL cap_targets(
        offer.account_id, running.id, running.owner_function, reward.kind, reward.id, asker.tier,
        asker.segment) AS target
    WHERE (offer.proposed_at AT TIME ZONE 'UTC')::date > %(today)s - %(window)s
      AND target.scope = %(scope)s AND target.scope_key = %(key)s
      AND cap_takes(%(measure)s, 0, reward.delivery = 'by_hand') IS NOT NULL
    GROUP BY running.id
), refused AS (
    SELECT running.id, count(*) AS candidates,
           sum(cap_takes(%(measure)s, CASE reward.value_basis
               WHEN 'fixed' THEN reward.discount_equivalent
               ELSE coalesce(asked.amount / asked.offers, 0) END, reward.delivery = 'by_hand')) AS amount
    FROM running
    JOIN rewards_candidate AS candidate ON candidate.campaign_id = running.id AND candidate.outcome = 'capped'
    JOIN rewards_campaignstep AS step ON step.campaign_id = running.id AND step.position = candidate.step
    JOIN rewards_reward AS reward ON reward.id = step.reward_id
    CROSS JOIN LATERAL cap_asker(
        candidate.account_id, (candidate.at AT TIME ZONE 'UTC')::date, %(by_facts)s) AS asker
    CROSS JOIN LATERAL cap_targets(
        candidate.account_id, running.id, running.owner_function, reward.kind, reward.id, asker.tier,
        asker.segment) AS target
    LEFT JOIN asked ON asked.id = running.id
    WHERE (candidate.at AT TIME ZONE 'UTC')::date > %(today)s - %(window)s
      AND target.scope = %(scope)s AND target.scope_key = %(key)s
      AND cap_takes(%(measure)s, 0, reward.delivery = 'by_hand') IS NOT NULL
    GROUP BY running.id
)
SELECT running.id, running.name, running.days, coalesce(asked.offers, 0), coalesce(refused.candidates, 0),
       coalesce(asked.amount, 0) + coalesce(refused.amount, 0)
FROM running LEFT JOIN asked ON asked.id = running.id LEFT JOIN refused ON refused.id = running.id
WHERE coalesce(asked.amount, 0) + coalesce(refused.amount, 0) > 0
ORDER BY 6 DESC, running.id
"""


@dataclass(frozen=True)
class CampaignAsks:
    """What one campaign asked for in its last `days` days, and will until the period ends; in the cap's measure."""

    campaign_id: int
    name: str
    days: int
    offers: int
    refused: int
    asked: Decimal
    expected: Decimal
    measure: CapMeasure

    @property
    def said(self) -> dict[str, str]:
        """What it asked for and will ask for, for people."""
        return {name: quantity(self.measure, getattr(self, name)) for name in ("asked", "expected")}


@dataclass(frozen=True)
class Asking:
    """What all that run will ask for after `today` and before `until`, against the room that is left now."""

    today: date
    until: date
    room: Decimal
    campaigns: list[CampaignAsks]
    measure: CapMeasure

    @property
    def said(self) -> dict[str, str]:
        """What will be asked for, what is left and what is missing, for people."""
        return {name: quantity(self.measure, getattr(self, name)) for name in ("expected", "room", "short")}

    @property
    def expected(self) -> Decimal:
        return sum((c.expected for c in self.campaigns), Decimal(0))

    @property
    def short(self) -> Decimal:
        """By how much the room will not do; zero when it will."""
        return max(self.expected - self.room, Decimal(0))

    @property
    def gone_on(self) -> date | None:
        """The day on which the room will be used up, None when it lasts."""
        pace = sum((c.asked / c.days for c in self.campaigns), Decimal(0))
        if not self.short or not pace:
            return None
        days = int((self.room / pace).to_integral_value(rounding=ROUND_CEILING))
        return self.today + timedelta(days=days)


def asking(cap: Cap, room: Decimal, period: Period, today: date, *, most_days: int) -> Asking | None:
    """The forecast for a cap in its running period, at most `most_days` ahead; None when nothing asked for it."""
    until = min(period.ends_on, today + timedelta(days=most_days + 1))
    left = max((until - today).days - 1, 0)
    params: dict[str, Any] = {"window": WINDOW_DAYS, "today": today, "scope": cap.scope, "key": cap.scope_key}
    params |= {"measure": cap.measure, "by_facts": cap.scope in BY_FACTS}
    measure = CapMeasure(cap.measure)
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, params)
        found = [
            CampaignAsks(pk, name, days, offers, refused, asked, _rounded(measure, asked * left / days), measure)
            for pk, name, days, offers, refused, asked in cursor.fetchall()
        ]
    return Asking(today, until, room, found, measure) if found else None


def _rounded(measure: CapMeasure, figure: Decimal) -> Decimal:
    """To whole cents, or whole occurrences, halves away from zero: so that the parts add up to their sum."""
    return cents(figure) if measure is CapMeasure.VALUE else figure.quantize(Decimal(1), rounding=ROUND_HALF_UP)
