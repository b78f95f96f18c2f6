"""Which campaign posts the renewal credits that tiers promise. Campaigns stand on a higher floor; here only a table."""

from django.db import connection

_RUNNING = """
SELECT campaign.name FROM rewards_campaign AS campaign
JOIN rewards_campaignstep AS step ON step.campaign_id = campaign.id
JOIN rewards_reward AS reward ON reward.id = step.reward_id AND reward.value_basis = 'percent_of_tier'
WHERE campaign.trigger_kind = 'renewal_paid' AND campaign.status IN ('pilot', 'live')
ORDER BY campaign.id LIMIT 1
"""


def posted_by() -> str:
    """The campaign that keeps the promise of the tiers now; "" when none does."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING)
        row = cursor.fetchone()
    return str(row[0]) if row else ""
