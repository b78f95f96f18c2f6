"""Whom terms would have reached, against those of now: by the very definitions that counting and detection use.

Runs that are kept are read; a pattern that nobody has counted yet is counted for
the asking, from so long before that a run cannot seem younger than it is.
"""

from accounts.streaks.counting import UNITS, runs
from accounts.streaks.days import first_day_of, unit_of, zone_of
from accounts.streaks.reaching import REACHED

# 1 stands for the terms proposed, 0 for those of now; `kept_pattern` is the pattern whose runs are kept, or null.
# Parameters: both sides, `since` (a day, UTC), `company_zone`.
_SIDE = (
    "({n}, %({side}_kept)s::bigint, %({side}_action)s::text, %({side}_event_name)s::text, %({side}_pace)s::text,"
    " %({side}_features)s::int, %({side}_active_days)s::int, %({side}_length)s::int, %({side}_within_days)s::int)"
)
COMPARE = f"""
WITH terms AS (
    SELECT v.*, v.streak_id AS pattern_id
    FROM (VALUES {_SIDE.format(n=1, side="asked")}, {_SIDE.format(n=0, side="now")}) AS v(
        streak_id, kept_pattern, action, event_name, pace, features, active_days, length, within_days)
),
asked AS MATERIALIZED (
    SELECT a.id AS account_id, {zone_of("a")} AS zone, t.pattern_id, t.action, t.event_name, t.pace, t.features,
           t.active_days,
           {first_day_of(f"{unit_of('%(since)s::date', 't.pace')} - t.length - 1", "t.pace")} AS since_day
    FROM terms t CROSS JOIN accounts_account a
    WHERE t.kept_pattern IS NULL
),
{UNITS},
runs AS MATERIALIZED (
    {runs("SELECT * FROM units")}
    UNION ALL
    SELECT r.account_id, t.pattern_id, {unit_of("r.starts_on", "t.pace")}, r.known_on
    FROM terms t JOIN accounts_streakrun r ON r.pattern_id = t.kept_pattern
),
{REACHED},
sides AS (
    SELECT account_id, bool_or(streak_id = 1) AS proposed, bool_or(streak_id = 0) AS now
    FROM reached WHERE known_on >= %(since)s::date
    GROUP BY account_id
),
named AS (
    SELECT s.proposed, s.now, a.name,
           row_number() OVER (PARTITION BY s.proposed, s.now ORDER BY a.name, a.id) AS position
    FROM sides s JOIN accounts_account a ON a.id = s.account_id
)
SELECT count(*) FILTER (WHERE proposed),
       count(*) FILTER (WHERE now),
       count(*) FILTER (WHERE proposed AND NOT now),
       count(*) FILTER (WHERE now AND NOT proposed),
       coalesce(array_agg(name ORDER BY position) FILTER (WHERE proposed AND NOT now AND position <= 3), '{{}}'),
       coalesce(array_agg(name ORDER BY position) FILTER (WHERE now AND NOT proposed AND position <= 3), '{{}}')
FROM named
"""
