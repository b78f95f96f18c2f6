"""What the facts of a day say of streaks: {key: [current, best]}, in units of each streak.

The day's row tells what was known at the end of the day (UTC), by the terms that
were in force then; days before a streak first went live are told by its first
live terms. A run counts as broken once a whole unit that it missed had passed,
in the account's zone, when the day (UTC) began: a day that is still going on
somewhere breaks nothing. A day worked out late says the same as one worked out
in time, because no clock is asked.
"""

from accounts.streaks.days import local_day, unit_of

# From when until when (half-open, UTC) which pattern holds for which streak.
SPELLS = """
streak_spells AS MATERIALIZED (
    SELECT v.*, p.pace
    FROM (
        SELECT s.key, v.pattern_id, v.status,
               CASE WHEN v.version > min(v.version) OVER of_streak THEN v.effective_at ELSE '-infinity' END AS since,
               lead(v.effective_at) OVER (of_streak ORDER BY v.version) AS until
        FROM accounts_streakversion v
        JOIN accounts_streak s ON s.id = v.streak_id
        WHERE v.version >= (SELECT min(l.version) FROM accounts_streakversion l
                            WHERE l.streak_id = v.streak_id AND l.status = 'live')
        WINDOW of_streak AS (PARTITION BY v.streak_id)
    ) AS v
    JOIN accounts_pattern p ON p.id = v.pattern_id
    WHERE v.status = 'live'
)
"""

_TODAY = local_day("(w.day::timestamp AT TIME ZONE 'UTC')", "w.zone")
_IS_ALIVE = f"{unit_of('r.starts_on', 'v.pace')} + n.units >= {unit_of(_TODAY, 'v.pace')}"

# `w` carries account_id, zone, day and next_day (the moment at which the day in UTC ends).
STREAKS = f"""
SELECT coalesce(jsonb_object_agg(v.key, jsonb_build_array(
           CASE WHEN {_IS_ALIVE} THEN n.units ELSE 0 END,
           coalesce(greatest(r.best_before, n.units), 0))), '{{}}') AS held
FROM streak_spells v
LEFT JOIN LATERAL (
    SELECT k.starts_on, k.known_on, k.best_before
    FROM accounts_streakrun k
    WHERE k.account_id = w.account_id AND k.pattern_id = v.pattern_id
      AND k.starts_on <= w.day + 1 AND k.known_on[1] <= w.day
    ORDER BY k.starts_on DESC LIMIT 1
) AS r ON true
CROSS JOIN LATERAL (SELECT width_bucket(w.day, r.known_on) AS units) AS n
WHERE v.since < w.next_day AND (v.until IS NULL OR v.until >= w.next_day)
"""
