"""What is left of rewards of a limited supply, held still until the transaction ends.

An offer takes one from the moment that it is proposed, and gives it back when
it ends without a grant.
"""

from collections.abc import Collection

from django.db import connection

# Of the two-argument advisory locks: 7203, then the reward's id.
LOCK_OF_SUPPLY = 7203
HOLDS = "'proposed', 'in_approval', 'approved', 'delivered', 'accepted', 'redeemed'"

LIMITED = "SELECT id FROM rewards_reward WHERE id = ANY (%s) AND supply_limit IS NOT NULL ORDER BY id"
LEFT = f"""
SELECT r.id, greatest(r.supply_limit - (
    SELECT count(*) FROM rewards_offer o
    WHERE o.reward_id = r.id
      AND (o.state IN ({HOLDS}) OR EXISTS (SELECT FROM rewards_grant g WHERE g.offer_id = o.id))
), 0)
FROM rewards_reward r
WHERE r.id = ANY (%s) AND r.supply_limit IS NOT NULL
"""


def supply_left(reward_ids: Collection[int]) -> dict[int, int]:
    """Of the limited ones among some rewards, how many can still be offered; others are left out.

    Whoever asks holds the supply of these rewards until their transaction ends,
    so that two at once never offer the last one twice; locked in the order of ids.
    """
    with connection.cursor() as cursor:
        cursor.execute(LIMITED, [list(reward_ids)])
        for (reward_id,) in cursor.fetchall():
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_OF_SUPPLY, reward_id])
        cursor.execute(LEFT, [list(reward_ids)])
        return {reward: int(left) for reward, left in cursor.fetchall()}
