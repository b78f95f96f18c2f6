"""Which units count at an account, and which of them stand in a row: one definition for runs and for previews.

Read from the daily tables, which are kept for good: a day in UTC touches at most
two days of any zone, so its first and last moment tell the days of the account.
(Where a clock is set back over midnight, as Casey Station's was in 2010, what
happens in that hour may be taken for the day after.) Nothing here depends on
the order in which events came.
"""

from accounts.streaks.days import counts, first_day_of, local_day, unit_of, zone_of
from accounts.streaks.rules import Action
from accounts.usage.rules import SIGN_IN_NAMES

SIGN_INS = ", ".join(f"'{name}'" for name in SIGN_IN_NAMES)

# `asked` is a relation with account_id, zone, the columns of a pattern and its pattern_id, `since_day`
# (the first day of the account to look at; a day in UTC can be one earlier) or null for all of them.
_LOCAL_DAYS = f"""
CROSS JOIN LATERAL (
    SELECT {local_day("u.first_at", "q.zone")} AS local_day
    UNION SELECT {local_day("u.last_at", "q.zone")}
) AS d
WHERE d.local_day >= coalesce(q.since_day, '-infinity') AND {counts("d.local_day", "q.pace")}
"""
UNITS = f"""
hits AS (
    SELECT q.account_id, q.pattern_id, q.features, q.active_days, q.pace, u.name, d.local_day, u.day AS known_on
    FROM asked q
    JOIN accounts_eventday u ON u.account_id = q.account_id AND u.day >= coalesce(q.since_day - 1, '-infinity')
        AND CASE q.action WHEN '{Action.EVENT}' THEN u.name = q.event_name
                          WHEN '{Action.SIGN_IN}' THEN u.name IN ({SIGN_INS}) ELSE q.action = '{Action.ANY}' END
        AND u.first_at IS NOT NULL
    {_LOCAL_DAYS}
    UNION ALL
    SELECT q.account_id, q.pattern_id, q.features, q.active_days, q.pace, '', d.local_day, u.day
    FROM asked q
    JOIN (SELECT account_id, day, key_first_at AS first_at, key_last_at AS last_at FROM accounts_dailyusage) AS u
        ON u.account_id = q.account_id AND u.day >= coalesce(q.since_day - 1, '-infinity')
        AND q.action = '{Action.KEY_ACTION}' AND u.first_at IS NOT NULL
    {_LOCAL_DAYS}
),
day_hits AS (
    SELECT account_id, pattern_id, active_days, features, {unit_of("local_day", "pace")} AS unit,
           min(known_on) AS known_on
    FROM hits GROUP BY account_id, pattern_id, active_days, features, pace, local_day
),
feature_hits AS (
    SELECT account_id, pattern_id, features, {unit_of("local_day", "pace")} AS unit, min(known_on) AS known_on
    FROM hits WHERE features > 0 AND name NOT IN ({SIGN_INS})
    GROUP BY account_id, pattern_id, features, {unit_of("local_day", "pace")}, name
),
enough_days AS (
    SELECT account_id, pattern_id, features, unit, (array_agg(known_on ORDER BY known_on))[active_days] AS known_on
    FROM day_hits GROUP BY account_id, pattern_id, features, active_days, unit
),
enough_features AS (
    SELECT account_id, pattern_id, unit, (array_agg(known_on ORDER BY known_on))[features] AS known_on
    FROM feature_hits GROUP BY account_id, pattern_id, features, unit
),
units AS (
    SELECT account_id, pattern_id, unit, known_on FROM enough_days WHERE features = 0 AND known_on IS NOT NULL
    UNION ALL
    SELECT d.account_id, d.pattern_id, d.unit, greatest(d.known_on, f.known_on)
    FROM enough_days d JOIN enough_features f USING (account_id, pattern_id, unit)
    WHERE d.features > 0 AND d.known_on IS NOT NULL AND f.known_on IS NOT NULL
)
"""


def runs(units: str) -> str:
    """Units in a row: account_id, pattern_id, first_unit, known_on (an array, unit by unit)."""
    return f"""
SELECT account_id, pattern_id, min(unit) AS first_unit, array_agg(known_on ORDER BY unit) AS known_on
FROM (
    SELECT account_id, pattern_id, unit, known_on,
           unit - row_number() OVER (PARTITION BY account_id, pattern_id ORDER BY unit) AS place
    FROM ({units}) AS counted
) AS placed
GROUP BY account_id, pattern_id, place
"""


# Only what is on or after the first marked day can have changed; a run that began before is gone on with.
# Parameters: `accounts` and `first_days` (arrays, side by side; a first day may be null for “nothing new”),
# `company_zone`. Answers with the accounts that were looked at, and
# whether a pattern was counted over all of their days.
COUNT_RUNS = f"""
WITH live AS MATERIALIZED (
    SELECT p.* FROM accounts_pattern p
    WHERE EXISTS (SELECT FROM accounts_streakversion v WHERE v.pattern_id = p.id AND v.status = 'live')
),
wanted AS MATERIALIZED (
    SELECT t.account_id, {zone_of("a")} AS zone, p.id AS pattern_id, p.action, p.event_name, p.pace, p.features,
           p.active_days, c.account_id IS NULL AS is_first,
           CASE WHEN c.account_id IS NOT NULL THEN {unit_of("t.first_day - 1", "p.pace")} END AS since_unit
    FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
    CROSS JOIN live p
    CROSS JOIN LATERAL (SELECT * FROM accounts_account WHERE id = t.account_id OFFSET 0) AS a
    LEFT JOIN accounts_patterncounted c ON c.account_id = t.account_id AND c.pattern_id = p.id
    WHERE c.account_id IS NULL OR t.first_day IS NOT NULL
),
asked AS MATERIALIZED (
    SELECT w.*, s.since_day, r.starts_on AS goes_on_from, r.best_before, r.known_on[:w.since_unit - r.unit] AS known_on,
           r.unit AS first_unit
    FROM wanted w
    CROSS JOIN LATERAL (SELECT {first_day_of("w.since_unit", "w.pace")} AS since_day) AS s
    LEFT JOIN LATERAL (
        SELECT k.starts_on, k.best_before, k.known_on, {unit_of("k.starts_on", "w.pace")} AS unit
        FROM accounts_streakrun k
        WHERE k.account_id = w.account_id AND k.pattern_id = w.pattern_id AND k.starts_on < s.since_day
        ORDER BY k.starts_on DESC LIMIT 1
    ) AS r ON true
),
{UNITS},
kept_units AS (
    SELECT q.account_id, q.pattern_id, q.first_unit + k.place::int - 1 AS unit, k.known_on
    FROM asked q CROSS JOIN LATERAL unnest(q.known_on) WITH ORDINALITY AS k(known_on, place)
    UNION ALL
    SELECT account_id, pattern_id, unit, known_on FROM units
),
runs AS ({runs("SELECT * FROM kept_units")}),
found AS MATERIALIZED (
    SELECT r.account_id, r.pattern_id, {first_day_of("r.first_unit", "q.pace")} AS starts_on, r.known_on,
           greatest(coalesce(q.best_before, 0), coalesce(max(cardinality(r.known_on)) OVER (
               PARTITION BY r.account_id, r.pattern_id ORDER BY r.first_unit
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS best_before
    FROM runs r JOIN asked q USING (account_id, pattern_id)
),
gone AS (
    DELETE FROM accounts_streakrun k USING asked q
    WHERE k.account_id = q.account_id AND k.pattern_id = q.pattern_id
      AND k.starts_on >= coalesce(q.goes_on_from, q.since_day, '-infinity')
      AND NOT EXISTS (SELECT FROM found f
                      WHERE (f.account_id, f.pattern_id, f.starts_on) = (k.account_id, k.pattern_id, k.starts_on))
),
marked AS (
    INSERT INTO accounts_patterncounted (account_id, pattern_id)
    SELECT account_id, pattern_id FROM asked WHERE is_first ORDER BY account_id, pattern_id
    ON CONFLICT DO NOTHING
),
written AS (
    INSERT INTO accounts_streakrun AS kept (account_id, pattern_id, starts_on, known_on, best_before)
    SELECT account_id, pattern_id, starts_on, known_on, best_before FROM found
    ORDER BY account_id, pattern_id, starts_on
    ON CONFLICT (account_id, pattern_id, starts_on) DO UPDATE
    SET known_on = excluded.known_on, best_before = excluded.best_before
    WHERE (kept.known_on, kept.best_before) IS DISTINCT FROM (excluded.known_on, excluded.best_before)
)
SELECT account_id, bool_or(is_first) FROM asked GROUP BY account_id ORDER BY account_id
"""
