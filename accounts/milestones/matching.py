"""Who reaches a milestone, and by which event: one definition for detection and preview.

The event that makes the reach is the one, by time and then id, at which the
summed quantity of the named event comes to the count. The index on account,
name and time delivers the events in order, so that the search of an account
ends at that very event.
"""

# `terms` is any relation with milestone_id, event_name, count and within_days.
REACHES = """
SELECT t.milestone_id, a.id AS account_id, e.id AS event_id, e.occurred_at
FROM terms AS t
CROSS JOIN accounts_account AS a
CROSS JOIN LATERAL (
    SELECT counted.id, counted.occurred_at
    FROM (
        SELECT ev.id, ev.occurred_at, sum(ev.quantity) OVER (ORDER BY ev.occurred_at, ev.id) AS so_far
        FROM accounts_event AS ev
        WHERE ev.account_id = a.id
          AND ev.name = t.event_name
          AND (t.within_days IS NULL
               OR (ev.occurred_at >= a.signed_up_on::timestamp AT TIME ZONE 'UTC'
                   AND ev.occurred_at < (a.signed_up_on + t.within_days + 1)::timestamp AT TIME ZONE 'UTC'))
    ) AS counted
    WHERE counted.so_far >= t.count
    ORDER BY counted.occurred_at, counted.id
    LIMIT 1
) AS e
WHERE (%(accounts)s::bigint[] IS NULL OR a.id = ANY(%(accounts)s::bigint[]))
"""

# Terms count as unchanged since the first version after the last one that differed,
# so that a new name does not make an event of a second ago too old to fire.
DETECT = f"""
WITH terms AS (
    SELECT m.id AS milestone_id, m.event_name, m.count, m.within_days, m.version, (
        SELECT min(v.effective_at)
        FROM accounts_milestoneversion AS v
        WHERE v.milestone_id = m.id
          AND v.version > coalesce((
              SELECT max(o.version)
              FROM accounts_milestoneversion AS o
              WHERE o.milestone_id = m.id
                AND (o.event_name, o.count, o.within_days, o.status)
                    IS DISTINCT FROM (m.event_name, m.count, m.within_days, m.status)
          ), 0)
    ) AS since
    FROM accounts_milestone AS m
    WHERE m.status = 'live' AND (%(milestone)s::bigint IS NULL OR m.id = %(milestone)s::bigint)
), reaches AS ({REACHES})
INSERT INTO accounts_milestonereach AS kept
    (milestone_id, account_id, version, count, event_id, reached_at, fires)
SELECT r.milestone_id, r.account_id, t.version, t.count, r.event_id, r.occurred_at,
       r.occurred_at >= t.since AND r.occurred_at >= %(fires_from)s
FROM reaches AS r
JOIN terms AS t USING (milestone_id)
ORDER BY r.milestone_id, r.account_id
ON CONFLICT (milestone_id, account_id) DO UPDATE
SET event_id = excluded.event_id, reached_at = excluded.reached_at
WHERE kept.version = excluded.version AND excluded.reached_at < kept.reached_at
"""

# Both sides of a change in one statement; 1 stands for the terms proposed, 0 for those of now.
COMPARE = f"""
WITH terms(milestone_id, event_name, count, within_days) AS (
    VALUES (1, %(event_name)s::text, %(count)s::bigint, %(within_days)s::int),
           (0, %(now_event_name)s::text, %(now_count)s::bigint, %(now_within_days)s::int)
), reaches AS ({REACHES}), sides AS (
    SELECT account_id, bool_or(milestone_id = 1) AS proposed, bool_or(milestone_id = 0) AS now
    FROM reaches
    WHERE occurred_at >= %(since)s
    GROUP BY account_id
), named AS (
    SELECT s.proposed, s.now, a.name,
           row_number() OVER (PARTITION BY s.proposed, s.now ORDER BY a.name, a.id) AS position
    FROM sides AS s
    JOIN accounts_account AS a ON a.id = s.account_id
)
SELECT count(*) FILTER (WHERE proposed),
       count(*) FILTER (WHERE now),
       count(*) FILTER (WHERE proposed AND NOT now),
       count(*) FILTER (WHERE now AND NOT proposed),
       coalesce(array_agg(name ORDER BY position) FILTER (WHERE proposed AND NOT now AND position <= 3), '{{}}'),
       coalesce(array_agg(name ORDER BY position) FILTER (WHERE now AND NOT proposed AND position <= 3), '{{}}')
FROM named
"""

REACHED_SINCE = f"""
WITH terms(milestone_id, event_name, count, within_days) AS (
    VALUES (1, %(event_name)s::text, %(count)s::bigint, %(within_days)s::int)
), reaches AS ({REACHES})
SELECT account_id FROM reaches WHERE occurred_at >= %(since)s ORDER BY account_id
"""
