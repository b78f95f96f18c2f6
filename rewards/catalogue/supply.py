"""What is left of rewards of a limited supply, held still until the transaction ends.

An offer takes one from the moment that it is proposed, and gives it back when it
is rejected, declined, withdrawn or lapsed, whether it had been granted or not.
"""

from collections.abc import Collection

from django.db import connection

# Of the two-argument advisory locks: 7203, then the reward's id.
LOCK_OF_SUPPLY = 7203
# States of an offer that holds one of the supply of its reward.
HOLDING = ("proposed", "in_approval", "approved", "delivered", "accepted", "redeemed")

LIMITED = "SELECT id FROM rewards_reward WHERE id = ANY (%s) AND supply_limit IS NOT NULL ORDER BY id"
LEFT = """
SELECT r.id, greatest(r.supply_limit - (
    SELECT count(*) FROM rewards_offer o
    WHERE o.reward_id = r.id AND o.state = ANY (%s)
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
        cursor.execute(LEFT, [list(HOLDING), list(reward_ids)])
        return {reward: int(left) for reward, left in cursor.fetchall()}
