"""The next step of a ladder: it opens once the one before was declined or lapsed, and waited.

Rows as `dated` has them, with the step; the cause is that of the step before. A
trigger still holds when its condition is true on the day, or its dated fact
still stands.
"""

from collections.abc import Sequence
from typing import Any

from rewards.campaigns.live import LiveCampaign
from rewards.campaigns.rules.trigger import TriggerKind
from rewards.campaigns.scope import Scope

# One night follows the other by a day, give or take minutes: a wait of days is over in the night of that day.
NIGHTS_DIFFER = "interval '1 hour'"

# What was reached, paid or answered has happened; a segment or a tier can be left, and a reach be taken back.
_STILL = {
    TriggerKind.MILESTONE: """EXISTS (
        SELECT FROM accounts_milestonereach AS fact WHERE 'milestone-reach:' || fact.id = before.cause_key
        AND fact.account_id = before.account_id AND fact.withdrawn_at IS NULL)""",
    TriggerKind.STREAK: """EXISTS (
        SELECT FROM accounts_streakreach AS fact WHERE 'streak-reach:' || fact.id = before.cause_key
        AND fact.account_id = before.account_id AND NOT fact.joined)""",
    TriggerKind.SEGMENT: "campaign.trigger_parameters ->> 'segment' = ANY (f.segments)",
    TriggerKind.TIER: "coalesce(campaign.trigger_parameters ->> 'tier', f.tier) = f.tier",
    TriggerKind.REFERRAL: "true",
    TriggerKind.QUIZ: "true",
    TriggerKind.RENEWAL_PAID: """EXISTS (
        SELECT FROM accounts_renewal AS fact WHERE 'renewal:' || fact.id = before.cause_key
        AND fact.withdrawn_at IS NULL)""",
}
_STILL[TriggerKind.TRACK] = _STILL[TriggerKind.STREAK]


def next_steps(campaigns: Sequence[LiveCampaign], scope: Scope) -> tuple[str, dict[str, Any]]:
    """The statement for the steps that open now, and its parameters."""
    params: dict[str, Any] = {"laddered": [c.pk for c in campaigns]}
    holds = []
    for c in campaigns:
        holds.append(f"WHEN {c.pk} THEN {c.condition.sql if c.condition else _STILL[c.kind]}")
        params |= c.condition.params if c.condition else {}
    statement = f"""
SELECT before.campaign_id, before.account_id, before.cause_key, before.subject, before.caused_on,
       (offer.evidence -> 'cause' ->> 'contact')::bigint, offer.evidence -> 'cause', before.step + 1, 1
FROM rewards_candidate AS before
JOIN rewards_offer AS offer ON offer.id = before.offer_id
JOIN rewards_campaign AS campaign ON campaign.id = before.campaign_id
JOIN rewards_campaignstep AS following
  ON following.campaign_id = before.campaign_id AND following.position = before.step + 1
LEFT JOIN accounts_accountfacts AS f ON f.account_id = before.account_id AND f.day = %(day)s::date
WHERE before.campaign_id = ANY (%(laddered)s) AND {scope.holds("before.account_id")}
  AND offer.state IN ('declined', 'lapsed')
  AND offer.closed_at + make_interval(days => following.wait_days) <= %(now)s
      + CASE WHEN following.wait_days > 0 THEN {NIGHTS_DIFFER} ELSE interval '0' END
  AND offer.closed_at + make_interval(days => following.wait_days) >= %(waits_from)s
  AND (CASE before.campaign_id {" ".join(holds)} END) IS TRUE
  AND NOT EXISTS (
      SELECT FROM rewards_candidate AS known
      WHERE known.campaign_id = before.campaign_id AND known.account_id = before.account_id
        AND known.cause_key = before.cause_key AND known.step = before.step + 1)
"""
    return statement, params
