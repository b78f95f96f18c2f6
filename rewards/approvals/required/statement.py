"""Which rules of approval an offer meets: one definition for proposing and for the impact of an edit.

`asked` is any relation with n, reward_id, value (discount-equivalent), exceeded (the
soft caps, '' for none), plan_segment (null when unknown) and is_first (nothing of the
campaign was granted before); `rule` one with the columns of the rules of approval.
"""

from rewards.catalogue.rules import KINDS, Nature
from rewards.catalogue.value import HAS_MONEY_VALUE

_FEATURES = ", ".join(f"'{key}'" for key, kind in KINDS.items() if kind.nature is Nature.FEATURE)

# An unknown plan segment meets no condition on it, and a reward without money value is above no threshold.
MEETS = f"""
    (rule.above_value IS NULL OR ({HAS_MONEY_VALUE} AND asked.value > rule.above_value))
AND (NOT rule.soft_cap_exceeded OR asked.exceeded <> '')
AND (NOT rule.limited_supply OR (r.supply_limit IS NOT NULL AND r.kind IN ({_FEATURES})))
AND (cardinality(rule.kinds) = 0 OR r.kind = ANY (rule.kinds))
AND (cardinality(rule.plan_segments) = 0 OR asked.plan_segment = ANY (rule.plan_segments))
AND (NOT rule.first_use OR asked.is_first)
"""
