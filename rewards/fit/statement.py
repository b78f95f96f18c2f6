"""Which rule of the matrix an offer fails: one definition for evaluation, preview and the matrix page.

`asked` is any relation with candidate_id, account_id, reward_id and value (the
discount-equivalent, null where it cannot be worked out); `facts` one with a row
of account facts for each account. Returns candidate_id and rule_id, one row for
each that fails: of the rules that it fails the one with the lowest id.
"""

from rewards.catalogue.rules import KINDS, Nature

_STATUS_KINDS = ", ".join(f"'{key}'" for key, kind in KINDS.items() if kind.nature is Nature.STATUS)
_REACHED_THEM = "'delivered', 'accepted', 'redeemed', 'declined', 'lapsed'"
# A contract that is billed by the month is worth a year too: a share of one month would forbid everything.
YEARS_WORTH = "f.mrr * greatest(coalesce(f.contract_months, 12), 12)"

# A status reward was offered once it reached them: granted, or delivered and whatever they said to it.
WAS_OFFERED_STATUS = f"""
EXISTS (SELECT FROM rewards_offer o JOIN rewards_reward s ON s.id = o.reward_id
        WHERE o.account_id = asked.account_id AND s.kind IN ({_STATUS_KINDS})
          AND (o.state IN ({_REACHED_THEM})
               OR EXISTS (SELECT FROM rewards_grant g WHERE g.offer_id = o.id)))
"""

FAILED = f"""
SELECT DISTINCT ON (asked.candidate_id) asked.candidate_id, rule.id AS rule_id
FROM asked
JOIN rewards_reward r ON r.id = asked.reward_id
JOIN facts f ON f.account_id = asked.account_id
JOIN rewards_fitrule rule
  ON rule.is_active AND rule.verdict = 'unfit'
 AND rule.contract IN (f.plan_segment, f.billing_frequency)
 AND (r.kind = ANY (rule.kinds) OR (rule.by_hand AND r.delivery = 'by_hand'))
 AND (rule.above_percent IS NULL OR asked.value * 100 > rule.above_percent * nullif({YEARS_WORTH}, 0))
 AND (NOT rule.before_status OR NOT {WAS_OFFERED_STATUS})
ORDER BY asked.candidate_id, rule.id
"""
