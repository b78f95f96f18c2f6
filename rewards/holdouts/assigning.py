"""Drawing the lot of accounts that qualify for a campaign, once and for good."""

from django.db import connection

from rewards.holdouts.rules import BITS, lot_in_sql

# `qualified` is any relation with campaign_id and account_id. Accounts are held by the caller.
ASSIGN = f"""
INSERT INTO rewards_holdoutassignment (campaign_id, account_id, is_held_out, seed, percent, assigned_at)
SELECT DISTINCT campaign.id, account.id,
       {lot_in_sql("campaign.holdout_seed", "account.external_id")}::numeric * 100
           < campaign.holdout_percent::numeric * (1::bigint << {BITS}),
       campaign.holdout_seed, campaign.holdout_percent, now()
FROM {{qualified}} AS qualified
JOIN rewards_campaign AS campaign ON campaign.id = qualified.campaign_id AND campaign.holdout_percent > 0
JOIN accounts_account AS account ON account.id = qualified.account_id
ORDER BY 1, 2
ON CONFLICT (campaign_id, account_id) DO NOTHING
"""


def assign(qualified: str) -> int:
    """Assign the accounts of a relation (SQL) within their campaigns; who has a lot keeps it. Returns how many drew."""
    with connection.cursor() as cursor:
        cursor.execute(ASSIGN.format(qualified=qualified))
        return int(cursor.rowcount)
