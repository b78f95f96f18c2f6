"""Who reaches a milestone, and by which event: one definition for detection and preview.

The event that makes the reach is the one, by time and then id, at which the
summed quantity of the named event comes to the count. The index on account,
name and time delivers the events in order, so that the search of an account
ends at that very event.
"""

_TERMS = ("event_name", "count", "within_days", "counts_from_id", "status")

# From when until when (half-open) the events of an account count; both null where the start is not known.
_DAYS = """
LEFT JOIN accounts_milestonereach AS start
    ON start.milestone_id = t.counts_from AND start.account_id = a.id AND start.withdrawn_at IS NULL
CROSS JOIN LATERAL (
    SELECT CASE WHEN t.counts_from IS NULL THEN a.signed_up_on::timestamp AT TIME ZONE 'UTC'
                ELSE start.reached_at END AS since
) AS begins
CROSS JOIN LATERAL (
    SELECT begins.since,
           ((begins.since AT TIME ZONE 'UTC')::date + t.within_days + 1)::timestamp AT TIME ZONE 'UTC' AS until
) AS days
"""

# `terms` is any relation with milestone_id, event_name, count, within_days and counts_from.
REACHES = f"""
SELECT t.milestone_id, a.id AS account_id, e.id AS event_id, e.occurred_at
FROM terms AS t
CROSS JOIN accounts_account AS a
{_DAYS}
CROSS JOIN LATERAL (
    SELECT counted.id, counted.occurred_at
    FROM (
        SELECT ev.id, ev.occurred_at, sum(ev.quantity) OVER (ORDER BY ev.occurred_at, ev.id) AS so_far
        FROM accounts_event AS ev
        WHERE ev.account_id = a.id
          AND ev.name = t.event_name
          AND (t.within_days IS NULL OR (ev.occurred_at >= days.since AND ev.occurred_at < days.until))
    ) AS counted
    WHERE counted.so_far >= t.count
    ORDER BY counted.occurred_at, counted.id
    LIMIT 1
) AS e
WHERE (%(accounts)s::bigint[] IS NULL OR a.id = ANY(%(accounts)s::bigint[]))
"""


def _other(milestone: str) -> str:
    """The last version before that of now of the milestone with this alias whose terms differed; 0 for none."""
    now = ", ".join(f"{milestone}.{column}" for column in _TERMS)
    then = ", ".join(f"o.{column}" for column in _TERMS)
    return f"""coalesce((
        SELECT max(o.version) FROM accounts_milestoneversion AS o
        WHERE o.milestone_id = {milestone}.id AND o.version < {milestone}.version
          AND ({then}) IS DISTINCT FROM ({now})
    ), 0)"""


def _marked(changed: str) -> str:
    """The end of a statement: with `marks` the facts of the accounts are worked out again from the reach's day on."""
    return f"""
marked AS (
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT account_id, min((reached_at AT TIME ZONE 'UTC')::date) FROM {changed} WHERE %(marks)s::boolean
    GROUP BY account_id ORDER BY account_id
)
SELECT count(*) FROM {changed}
"""


def told_later(day: str) -> str:
    """Whether the facts of a day tell the reach `fact` by terms that took effect on that day or later."""
    return f"{day} BETWEEN (fact.reached_at AT TIME ZONE 'UTC')::date AND (fact.terms_from AT TIME ZONE 'UTC')::date"


# Terms count as unchanged since the first version after the last one that differed,
# so that a new name neither makes an event of a second ago too old to fire, nor keeps a late one from moving a reach.
# An edit of the milestone that the days count from is an edit of these terms too.
DETECT = f"""
WITH RECURSIVE chain AS (
    SELECT m.id AS milestone_id, m.id AS link FROM accounts_milestone AS m WHERE m.id = ANY (%(milestones)s::bigint[])
    UNION
    SELECT c.milestone_id, m.counts_from_id FROM chain AS c JOIN accounts_milestone AS m ON m.id = c.link
    WHERE m.counts_from_id IS NOT NULL
), terms AS (
    SELECT m.id AS milestone_id, m.event_name, m.count, m.within_days, m.counts_from_id AS counts_from, m.version,
           {_other("m")} AS other_version, (
        SELECT max(unchanged.since)
        FROM chain AS c
        JOIN accounts_milestone AS l ON l.id = c.link
        CROSS JOIN LATERAL (
            SELECT min(v.effective_at) AS since
            FROM accounts_milestoneversion AS v
            WHERE v.milestone_id = l.id AND v.version > {_other("l")}
        ) AS unchanged
        WHERE c.milestone_id = m.id
    ) AS since
    FROM accounts_milestone AS m
    WHERE m.status = 'live' AND m.id = ANY (%(milestones)s::bigint[])
), reaches AS ({REACHES}),
written AS (
    INSERT INTO accounts_milestonereach AS kept
        (milestone_id, account_id, version, count, event_id, reached_at, terms_from, fires)
    SELECT r.milestone_id, r.account_id, t.version, t.count, r.event_id, r.occurred_at,
           CASE WHEN r.occurred_at < t.since THEN t.since END,
           r.occurred_at >= t.since AND r.occurred_at >= %(fires_from)s
    FROM reaches AS r
    JOIN terms AS t USING (milestone_id)
    ORDER BY r.milestone_id, r.account_id
    ON CONFLICT (milestone_id, account_id) DO UPDATE
    SET event_id = excluded.event_id, reached_at = excluded.reached_at, terms_from = excluded.terms_from,
        withdrawn_at = NULL, version = excluded.version, count = excluded.count
    WHERE kept.withdrawn_at IS NOT NULL
       OR (excluded.reached_at < kept.reached_at
           AND kept.version > (SELECT other_version FROM terms AS t WHERE t.milestone_id = kept.milestone_id))
    RETURNING account_id, reached_at
), {_marked("written")}
"""

# After DETECT, which has moved a reach to where it is now, if there still is one. A start only ever moves
# back in time, so that a reach within its days stays one; raw events past their retention are not asked.
WITHDRAW = f"""
WITH withdrawn AS (
    UPDATE accounts_milestonereach AS kept SET withdrawn_at = now()
    FROM (
        SELECT r.id
        FROM (SELECT m.id AS milestone_id, {_other("m")} AS other_version, m.within_days,
                     m.counts_from_id AS counts_from
              FROM accounts_milestone AS m
              WHERE m.id = ANY (%(milestones)s::bigint[]) AND m.status = 'live' AND m.within_days IS NOT NULL) AS t
        JOIN accounts_milestonereach AS r
            ON r.milestone_id = t.milestone_id AND r.version > t.other_version AND r.withdrawn_at IS NULL
           AND (%(accounts)s::bigint[] IS NULL OR r.account_id = ANY (%(accounts)s::bigint[]))
        JOIN accounts_account AS a ON a.id = r.account_id
        {_DAYS}
        WHERE (r.reached_at >= days.since AND r.reached_at < days.until) IS NOT TRUE
        ORDER BY r.milestone_id, r.account_id FOR UPDATE OF r
    ) AS gone
    WHERE kept.id = gone.id
    RETURNING kept.account_id, kept.reached_at
), {_marked("withdrawn")}
"""

# Events of these accounts and names went to other accounts. What is still reached by the terms of now is found
# again by DETECT; what was reached by earlier terms stays, unless its own event went.
LOOK_AGAIN = f"""
UPDATE accounts_milestonereach AS kept SET withdrawn_at = now()
FROM (
    SELECT r.id
    FROM unnest(%(accounts)s::bigint[], %(names)s::text[]) AS gone(account_id, name)
    JOIN accounts_milestone AS m ON m.event_name = gone.name AND m.status = 'live'
    JOIN accounts_milestonereach AS r
        ON r.milestone_id = m.id AND r.account_id = gone.account_id AND r.withdrawn_at IS NULL
    LEFT JOIN accounts_event AS e ON e.id = r.event_id
    WHERE r.version > {_other("m")} OR e.account_id <> r.account_id
    ORDER BY r.milestone_id, r.account_id FOR UPDATE OF r
) AS again
WHERE kept.id = again.id
"""

# Both sides of a change in one statement; 1 stands for the terms proposed, 0 for those of now.
COMPARE = f"""
WITH terms(milestone_id, event_name, count, within_days, counts_from) AS (
    VALUES (1, %(event_name)s::text, %(count)s::bigint, %(within_days)s::int, %(counts_from)s::bigint),
           (0, %(now_event_name)s::text, %(now_count)s::bigint, %(now_within_days)s::int, %(now_counts_from)s::bigint)
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
WITH terms(milestone_id, event_name, count, within_days, counts_from) AS (
    VALUES (1, %(event_name)s::text, %(count)s::bigint, %(within_days)s::int, %(counts_from)s::bigint)
), reaches AS ({REACHES})
SELECT account_id FROM reaches WHERE occurred_at >= %(since)s ORDER BY account_id
"""
