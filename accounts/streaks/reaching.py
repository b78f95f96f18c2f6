"""Who reaches a streak in which run, and when: one definition for detection and preview.

The run reaches at its unit number `length`, counted from the unit of sign-up on
where there is a window. The event that makes the reach is the one, by time and
then id, with which that unit has enough; once raw events are forgotten, the
daily tables still tell the day.
"""

from accounts.streaks.counting import SIGN_INS
from accounts.streaks.days import DAYS_OF_A_WEEK, begins_at, first_day_of, local_day, unit_of, zone_of
from accounts.streaks.rules import Action, Pace

# `terms` is a relation with streak_id, pattern_id, pace, length and within_days, `runs` one with
# account_id, pattern_id, first_unit and known_on.
REACHED = f"""
reached AS (
    SELECT t.streak_id, r.account_id, r.first_unit, cardinality(r.known_on) AS units,
           r.first_unit + p.place - 1 AS unit, r.known_on[p.place] AS known_on
    FROM terms t
    JOIN runs r ON r.pattern_id = t.pattern_id AND cardinality(r.known_on) >= t.length
    JOIN accounts_account a ON a.id = r.account_id
    CROSS JOIN LATERAL (
        SELECT t.length + CASE WHEN t.within_days IS NULL THEN 0
                               ELSE greatest({unit_of("a.signed_up_on", "t.pace")} - r.first_unit, 0) END AS place
    ) AS p
    WHERE cardinality(r.known_on) >= p.place
      AND (t.within_days IS NULL
           OR {first_day_of("r.first_unit + p.place - 1", "t.pace")} <= a.signed_up_on + t.within_days)
)
"""

# Terms count as unchanged since the first version after the last one that differed: a reach of any of these follows.
_LIVE_TERMS = """
terms AS MATERIALIZED (
    SELECT s.id AS streak_id, s.version, s.length, s.within_days, s.pattern_id, p.action, p.event_name, p.pace,
           p.features, p.active_days, other.version AS other_version, (
        SELECT min(v.effective_at) FROM accounts_streakversion v
        WHERE v.streak_id = s.id AND v.version > other.version
    ) AS since
    FROM accounts_streak s
    JOIN accounts_pattern p ON p.id = s.pattern_id
    CROSS JOIN LATERAL (
        SELECT coalesce(max(o.version), 0) AS version FROM accounts_streakversion o
        WHERE o.streak_id = s.id AND o.version < s.version
          AND (o.pattern_id, o.length, o.within_days, o.status)
              IS DISTINCT FROM (s.pattern_id, s.length, s.within_days, s.status)
    ) AS other
    WHERE s.status = 'live' AND (%(streak)s::bigint IS NULL OR s.id = %(streak)s::bigint)
)
"""
_ONE_ACTION = f"""
SELECT e.id, e.occurred_at
FROM accounts_event e
WHERE NOT b.is_known AND t.action <> '{Action.ANY}' AND e.account_id = x.account_id
  AND e.name = ANY (CASE t.action WHEN '{Action.EVENT}' THEN ARRAY[t.event_name]::varchar[]
                                  WHEN '{Action.SIGN_IN}' THEN ARRAY[{SIGN_INS}]::varchar[]
                                  ELSE (SELECT array_agg(event_name) FROM accounts_keyaction) END)
  AND e.occurred_at >= b.unit_from AND e.occurred_at < b.unit_until AND e.quantity > 0
ORDER BY e.occurred_at, e.id
LIMIT 1
"""
_ENOUGH_OF_ANY = f"""
SELECT n.id, n.occurred_at
FROM (
    SELECT m.id, m.occurred_at, count(*) FILTER (WHERE m.is_new_feature) OVER so_far AS features,
           count(*) FILTER (WHERE m.is_new_day) OVER so_far AS active_days
    FROM (
        SELECT e.id, e.occurred_at,
               e.name NOT IN ({SIGN_INS})
               AND row_number() OVER (PARTITION BY e.name ORDER BY e.occurred_at, e.id) = 1 AS is_new_feature,
               row_number() OVER (PARTITION BY {local_day("e.occurred_at", "b.zone")}
                                  ORDER BY e.occurred_at, e.id) = 1 AS is_new_day
        FROM accounts_event e
        WHERE NOT b.is_known AND t.action = '{Action.ANY}' AND e.account_id = x.account_id
          AND e.occurred_at >= b.unit_from AND e.occurred_at < b.unit_until AND e.quantity > 0
    ) AS m
    WINDOW so_far AS (ORDER BY m.occurred_at, m.id)
) AS n
WHERE n.features >= t.features AND n.active_days >= t.active_days
ORDER BY n.occurred_at, n.id
LIMIT 1
"""

# A reach belongs to the run that its moment lies in, whatever the zone says now. One that is found for the
# first time is recorded; one whose run was lengthened or shifted follows it; of several that are now in one
# run the earliest stands. Parameters: `accounts` and `first_days` (side by side, or both null for all),
# `streak` (null for all), `fires_from`, `company_zone`.
DETECT = f"""
WITH {_LIVE_TERMS},
asked AS MATERIALIZED (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
),
runs AS MATERIALIZED (
    SELECT r.account_id, r.pattern_id, {unit_of("r.starts_on", "p.pace")} AS first_unit, r.known_on
    FROM accounts_streakrun r
    JOIN accounts_pattern p ON p.id = r.pattern_id
    LEFT JOIN asked q ON q.account_id = r.account_id
    WHERE r.pattern_id IN (SELECT pattern_id FROM terms)
      AND (%(accounts)s::bigint[] IS NULL OR r.account_id = ANY (%(accounts)s::bigint[]))
      AND (q.first_day IS NULL
           OR {unit_of("r.starts_on", "p.pace")} + cardinality(r.known_on) > {unit_of("q.first_day - 1", "p.pace")})
),
{REACHED},
found AS MATERIALIZED (
    SELECT x.streak_id, x.account_id, t.version, t.other_version, t.length, t.since,
           b.starts_on, b.run_from, b.run_until,
           coalesce(k.reached_at, o.occurred_at, n.occurred_at,
                    greatest(b.unit_from, x.known_on::timestamp AT TIME ZONE 'UTC')) AS reached_at,
           CASE WHEN b.is_known THEN k.event_id ELSE coalesce(o.id, n.id) END AS event_id, b.zone
    FROM reached x
    JOIN terms t ON t.streak_id = x.streak_id
    JOIN accounts_account a ON a.id = x.account_id
    LEFT JOIN asked q ON q.account_id = x.account_id
    CROSS JOIN LATERAL (
        SELECT {zone_of("a")} AS zone, {first_day_of("x.first_unit", "t.pace")} AS starts_on,
               {first_day_of("x.unit", "t.pace")} AS unit_day,
               {first_day_of("x.first_unit + x.units", "t.pace")} AS next_day
    ) AS d
    LEFT JOIN accounts_streakreach k
        ON k.streak_id = x.streak_id AND k.account_id = x.account_id AND k.run_starts_on = d.starts_on
        AND k.version > t.other_version AND NOT k.joined AND k.reached_at < q.first_day::timestamp AT TIME ZONE 'UTC'
    CROSS JOIN LATERAL (
        SELECT d.zone, d.starts_on, k.id IS NOT NULL AS is_known, {begins_at("d.starts_on", "d.zone")} AS run_from,
               {begins_at("d.next_day", "d.zone")} AS run_until, {begins_at("d.unit_day", "d.zone")} AS unit_from,
               {begins_at(f"d.unit_day + CASE t.pace WHEN '{Pace.WEEK}' THEN {DAYS_OF_A_WEEK} ELSE 1 END", "d.zone")}
                   AS unit_until
    ) AS b
    LEFT JOIN LATERAL ({_ONE_ACTION}) AS o ON true
    LEFT JOIN LATERAL ({_ENOUGH_OF_ANY}) AS n ON true
),
claims AS MATERIALIZED (
    SELECT k.id, f.streak_id, f.account_id, f.starts_on, row_number() OVER (
               PARTITION BY f.streak_id, f.account_id, f.starts_on
               ORDER BY (k.run_starts_on = f.starts_on) DESC, k.reached_at, k.id) AS place
    FROM found f
    JOIN accounts_streakreach k ON k.streak_id = f.streak_id AND k.account_id = f.account_id
        AND k.reached_at >= f.run_from AND k.reached_at < f.run_until
),
followed AS (
    UPDATE accounts_streakreach k
    SET run_starts_on = f.starts_on, reached_on = {local_day("f.reached_at", "f.zone")}, reached_at = f.reached_at,
        event_id = f.event_id, joined = false
    FROM found f JOIN claims c USING (streak_id, account_id, starts_on)
    WHERE k.id = c.id AND c.place = 1 AND k.version > f.other_version
      AND (k.run_starts_on, k.reached_on, k.reached_at, k.event_id, k.joined)
          IS DISTINCT FROM (f.starts_on, {local_day("f.reached_at", "f.zone")}, f.reached_at, f.event_id, false)
    RETURNING k.id
),
joined AS (
    UPDATE accounts_streakreach k SET joined = true, fires = false
    FROM claims c WHERE k.id = c.id AND c.place > 1 AND NOT k.joined
    RETURNING k.id
),
recorded AS (
    INSERT INTO accounts_streakreach
        (streak_id, account_id, version, length, run_starts_on, reached_on, reached_at, event_id, fires)
    SELECT f.streak_id, f.account_id, f.version, f.length, f.starts_on, {local_day("f.reached_at", "f.zone")},
           f.reached_at, f.event_id, f.reached_at >= f.since AND f.reached_at >= %(fires_from)s
    FROM found f
    WHERE NOT EXISTS (SELECT FROM claims c WHERE (c.streak_id, c.account_id, c.starts_on)
                                               = (f.streak_id, f.account_id, f.starts_on))
    ORDER BY f.streak_id, f.account_id, f.starts_on
    ON CONFLICT (streak_id, account_id, run_starts_on) DO NOTHING
    RETURNING id
)
SELECT (SELECT count(*) FROM followed) + (SELECT count(*) FROM joined) + (SELECT count(*) FROM recorded)
"""
