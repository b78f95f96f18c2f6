"""What is committed already when a cap is made: counted in, so that the new cap starts true.

A new cap must not miss an offer that is proposed, granted or closed at the same
moment. `hold` takes the advisory lock that reserving, spending and releasing take
in shared mode (rewards/migrations/0012_cap_room.py, 0018_quick_cap_room.py): once held, nothing of these is under way.
"""

from datetime import date

from django.db import connection

from rewards.caps.askers import span_of
from rewards.caps.models import Cap

LOCK = 7201

# Offers and grants stand on higher floors; here they are only tables. An offer
# belongs to the period of the day (UTC) on which it was proposed.
COUNT_IN = """
WITH counted AS (
    SELECT offer.id, given.id IS NOT NULL AS is_granted,
           cap_takes(cap.measure, offer.discount_equivalent, reward.delivery = 'by_hand') AS amount
    FROM rewards_cap AS cap
    JOIN rewards_offer AS offer
      ON (offer.proposed_at AT TIME ZONE 'UTC')::date >= %(starts_on)s
     AND (offer.proposed_at AT TIME ZONE 'UTC')::date < %(ends_on)s
    JOIN rewards_campaign AS campaign ON campaign.id = offer.campaign_id
    JOIN rewards_reward AS reward ON reward.id = offer.reward_id
    CROSS JOIN LATERAL cap_asker(
        offer.account_id, (offer.proposed_at AT TIME ZONE 'UTC')::date, cap.scope IN ('tier', 'segment')) AS asker
    CROSS JOIN LATERAL cap_targets(
        offer.account_id, offer.campaign_id, campaign.owner_function, reward.kind, reward.id, asker.tier,
        asker.segment) AS target
    LEFT JOIN rewards_grant AS given ON given.offer_id = offer.id
    WHERE cap.id = %(cap)s AND target.scope = cap.scope AND target.scope_key = cap.scope_key
      AND cap_takes(cap.measure, offer.discount_equivalent, reward.delivery = 'by_hand') IS NOT NULL
      -- What was declined, lapsed or withdrawn gave its room back, and what was reversed: see the last condition.
      AND (offer.state IN ('proposed', 'in_approval')
           OR given.id IS NOT NULL AND offer.state IN ('approved', 'delivered', 'accepted', 'redeemed'))
      -- Once in a cap, whatever period it fell in: a cap may be withdrawn and set in force again.
      AND NOT EXISTS (
          SELECT FROM rewards_capentry AS entry JOIN rewards_capperiod AS known ON known.id = entry.period_id
          WHERE known.cap_id = cap.id AND entry.offer_id = offer.id)
      AND NOT EXISTS (
          SELECT FROM rewards_posting AS issue JOIN rewards_posting AS undone ON undone.reverses_id = issue.id
          WHERE issue.key = 'issue:grant:' || given.id)
), period AS (
    INSERT INTO rewards_capperiod (cap_id, starts_on, ends_on, reserved, spent)
    SELECT cap.id, %(starts_on)s, %(ends_on)s, 0, 0
    FROM rewards_cap AS cap WHERE cap.id = %(cap)s
    ON CONFLICT (cap_id, starts_on) DO UPDATE SET ends_on = excluded.ends_on
    RETURNING id
), entered AS (
    INSERT INTO rewards_capentry (period_id, offer_id, kind, amount, at)
    SELECT period.id, counted.id, step.kind, counted.amount, clock_timestamp()
    FROM period, counted
    JOIN LATERAL (VALUES (1, 'reserve'), (2, 'spend')) AS step (place, kind)
      ON step.kind = 'reserve' OR counted.is_granted
    ORDER BY counted.id, step.place
    ON CONFLICT (period_id, offer_id, kind, turn) DO NOTHING
    RETURNING period_id
)
SELECT id FROM period
"""

# The entries say what the counters are; so the counters follow from all of them.
RECOUNT = """
UPDATE rewards_capperiod AS period SET reserved = coalesce(sums.reserved, 0), spent = coalesce(sums.spent, 0)
FROM (
    SELECT sum(entry.amount) FILTER (WHERE entry.kind = 'reserve')
           - coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'spend'), 0)
           - coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'release' AND used.id IS NULL), 0) AS reserved,
           coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'spend'), 0)
           - coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'release' AND used.id IS NOT NULL), 0) AS spent
    FROM rewards_capentry AS entry
    LEFT JOIN rewards_capentry AS used
      ON used.period_id = entry.period_id AND used.offer_id = entry.offer_id AND used.kind = 'spend'
         AND used.turn = entry.turn
    WHERE entry.period_id = %(period)s
) AS sums
WHERE period.id = %(period)s
"""


def hold() -> None:
    """Wait until no room is being reserved, spent or freed, and keep it so until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def count_in(cap_id: int, day: date) -> None:
    """Enter what already binds the cap in its period of `day`: open offers reserved, grants that are held spent.

    The caller holds the lock. Twice is once.
    """
    span = span_of(Cap.objects.get(pk=cap_id), day)
    with connection.cursor() as cursor:
        cursor.execute(COUNT_IN, {"cap": cap_id, "starts_on": span.starts_on, "ends_on": span.ends_on})
        cursor.execute(RECOUNT, {"period": cursor.fetchone()[0]})
