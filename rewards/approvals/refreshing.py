"""Ranking the open offers anew by the facts of the day, in one statement, and putting them in a book."""

from datetime import date

from django.db import connection

from rewards.offers.ranking import stake_in_sql
from rewards.offers.rules import OfferState

_AT_STAKE, _STAKE = stake_in_sql("%(day)s")

# Offers that were reassigned stay where they are; those of an account without a manager wait for one.
_RANK = f"""
UPDATE rewards_offer AS offer SET at_stake = now.at_stake, stake = now.stake,
       assigned_to_id = coalesce(offer.assigned_to_id, now.cs_manager_id)
FROM (
    SELECT waiting.id, account.cs_manager_id, {_AT_STAKE} AS at_stake, {_STAKE} AS stake
    FROM rewards_offer AS waiting
    JOIN accounts_account AS account ON account.id = waiting.account_id
    LEFT JOIN LATERAL (
        SELECT * FROM accounts_accountfacts AS latest
        WHERE latest.account_id = waiting.account_id AND latest.day <= %(day)s::date
        ORDER BY latest.day DESC LIMIT 1
    ) AS f ON true
    WHERE waiting.state = '{OfferState.IN_APPROVAL.value}'
    ORDER BY waiting.id FOR NO KEY UPDATE OF waiting
) AS now
WHERE now.id = offer.id
  AND (offer.at_stake, offer.stake, offer.assigned_to_id)
      IS DISTINCT FROM (now.at_stake, now.stake, coalesce(offer.assigned_to_id, now.cs_manager_id))
"""


def rank_open_offers(day: date) -> int:
    """Rank by the facts of `day` (UTC) or the latest before it; returns how many moved. Twice is once."""
    with connection.cursor() as cursor:
        cursor.execute(_RANK, {"day": day})
        return int(cursor.rowcount)
