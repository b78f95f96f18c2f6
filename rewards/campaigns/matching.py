"""Finding matches that no campaign has dealt with yet: one statement, claimed as it finds them."""

from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from accounts.sources.freshness import IS_STALE
from accounts.sources.rules import Kind

# Milestones are reached by use: while its source is stale, what it would say is not known, and
# nothing is proposed. Its reaches wait where they stand and are claimed once it is heard again.
CLAIM = f"""
INSERT INTO rewards_candidate (campaign_id, account_id, cause_key, step, subject, caused_on, campaign_version,
                               outcome, rule, reason, at)
SELECT campaign.id, reach.account_id, 'milestone-reach:' || reach.id, 1, '',
       (reach.reached_at AT TIME ZONE 'UTC')::date, campaign.version, 'proposed', '', '', now()
FROM rewards_campaign AS campaign
JOIN accounts_milestone AS milestone ON milestone.key = campaign.trigger_parameters ->> 'milestone'
JOIN accounts_milestonereach AS reach
  ON reach.milestone_id = milestone.id
 AND reach.fires
 AND reach.reached_at >= campaign.live_since
WHERE campaign.status = 'live' AND campaign.trigger_kind = 'milestone'
  AND NOT {IS_STALE}
  AND NOT EXISTS (
    SELECT FROM rewards_candidate AS known
    WHERE known.campaign_id = campaign.id
      AND known.account_id = reach.account_id
      AND known.cause_key = 'milestone-reach:' || reach.id)
ORDER BY campaign.id, reach.account_id, reach.id
LIMIT %(limit)s
ON CONFLICT DO NOTHING
RETURNING id, campaign_id, account_id, cause_key
"""


@dataclass(frozen=True)
class Match:
    """One claimed match; the candidate row is written, its outcome not yet known."""

    candidate_id: int
    campaign_id: int
    account_id: int
    cause_key: str

    @property
    def reach_id(self) -> int:
        return int(self.cause_key.rpartition(":")[2])


def claim_matches(limit: int) -> list[Match]:
    """Claim up to `limit` new matches for the running transaction.

    The unique key (campaign, account, cause) decides: whoever writes the row
    first has the match; it is gone again if the transaction fails.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"limit": limit, "kind": Kind.USAGE.value, "now": timezone.now()})
        return [Match(*row) for row in cursor.fetchall()]
