"""The statement that keeps who rose and fell as the rows of the facts tell it.

A move is a difference between the tier of a row and that of the row before it.
What is told and not kept is written, what is kept and not told is withdrawn; a
move to the same tier within SAME days is that same move on another day, and
keeps its id and whether it fires. It fires when the account's own use raised it,
within LATELY days before `last_day`. Parameters: `accounts`, `first_days`,
`last_day`, and those of the versions.
"""

from collections.abc import Sequence
from typing import Any

from accounts.conditions.rules.predicate import Predicate
from accounts.tiers.inforce import InForce

SAME = LATELY = 7

_MOVES = """
WITH wanted AS MATERIALIZED (
    SELECT t.account_id, t.first_day, before.day AS day_before
    FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
    LEFT JOIN LATERAL (
        SELECT f.day FROM accounts_accountfacts f WHERE f.account_id = t.account_id AND f.day < t.first_day
        ORDER BY f.day DESC LIMIT 1
    ) AS before ON true
),
rows AS (
    SELECT w.first_day, f.account_id, f.day, f.tier, f.days_since_sign_up, {metric} AS metric,
           lag(f.tier) OVER mine AS before, lag(f.day) OVER mine AS day_before
    FROM wanted w
    JOIN accounts_accountfacts f ON f.account_id = w.account_id AND f.day >= coalesce(w.day_before, w.first_day)
    WHERE f.day <= %(last_day)s::date + 1
    WINDOW mine AS (PARTITION BY f.account_id ORDER BY f.day)
),
told AS MATERIALIZED (
    SELECT r.account_id, r.day, tier.id AS tier_id, from_tier.id AS from_tier_id, r.metric, v.version,
           coalesce(array_position(v.ranks, r.tier::text), 0) > coalesce(array_position(v.ranks, r.before::text), 0)
               AS is_up,
           CASE WHEN r.day_before IS NULL AND r.days_since_sign_up IS DISTINCT FROM 0 THEN 'start'
                WHEN r.day = v.first THEN 'rule' ELSE 'facts' END AS cause
    FROM rows r
    LEFT JOIN accounts_tier tier ON tier.key = r.tier
    LEFT JOIN accounts_tier from_tier ON from_tier.key = r.before
    CROSS JOIN LATERAL (SELECT {version} AS version, {first} AS first, {ranks} AS ranks) AS v
    WHERE r.day >= r.first_day AND r.tier IS DISTINCT FROM r.before AND v.version IS NOT NULL
),
kept AS MATERIALIZED (
    SELECT m.* FROM wanted w
    JOIN accounts_tiermove m ON m.account_id = w.account_id
        AND m.day >= w.first_day AND m.day <= %(last_day)s::date + 1 AND m.withdrawn_at IS NULL
),
missing AS MATERIALIZED (
    SELECT t.* FROM told t
    WHERE NOT EXISTS (SELECT FROM kept k WHERE k.account_id = t.account_id AND k.day = t.day
                      AND k.tier_id IS NOT DISTINCT FROM t.tier_id)
),
stale AS MATERIALIZED (
    SELECT k.* FROM kept k
    WHERE NOT EXISTS (SELECT FROM told t WHERE k.account_id = t.account_id AND k.day = t.day
                      AND k.tier_id IS NOT DISTINCT FROM t.tier_id)
),
loose AS (
    SELECT id, account_id, tier_id, day FROM stale
    UNION ALL
    SELECT m.id, m.account_id, m.tier_id, m.day FROM wanted w
    JOIN accounts_tiermove m ON m.account_id = w.account_id AND m.withdrawn_at IS NOT NULL
),
alike AS (
    SELECT DISTINCT ON (m.account_id, m.day) m.*, l.id, abs(l.day - m.day) AS distance
    FROM missing m
    JOIN loose l ON l.account_id = m.account_id AND l.tier_id IS NOT DISTINCT FROM m.tier_id
        AND abs(l.day - m.day) <= %(same)s
    ORDER BY m.account_id, m.day, distance, l.id
),
same_again AS MATERIALIZED (SELECT DISTINCT ON (id) * FROM alike ORDER BY id, distance, day),
withdrawn AS (
    UPDATE accounts_tiermove m SET withdrawn_at = now()
    WHERE m.id IN (SELECT id FROM stale EXCEPT SELECT id FROM same_again)
    RETURNING 1
),
corrected AS (
    UPDATE accounts_tiermove m
    SET day = c.day, version = c.version, cause = c.cause, from_tier_id = c.from_tier_id, is_up = c.is_up,
        metric = c.metric, withdrawn_at = NULL
    FROM (
        SELECT id, day, version, cause, from_tier_id, is_up, metric FROM same_again
        UNION ALL
        SELECT k.id, t.day, t.version, t.cause, t.from_tier_id, t.is_up, t.metric FROM kept k
        JOIN told t ON k.account_id = t.account_id AND k.day = t.day AND k.tier_id IS NOT DISTINCT FROM t.tier_id
        WHERE (k.version, k.cause, k.from_tier_id, k.is_up, k.metric)
              IS DISTINCT FROM (t.version, t.cause, t.from_tier_id, t.is_up, t.metric::numeric)
    ) AS c
    WHERE m.id = c.id
    RETURNING 1
),
written AS (
    INSERT INTO accounts_tiermove (account_id, tier_id, from_tier_id, is_up, day, metric, version, cause, fires)
    SELECT m.account_id, m.tier_id, m.from_tier_id, m.is_up, m.day, m.metric, m.version, m.cause,
           m.cause = 'facts' AND m.is_up AND m.day > %(last_day)s::date - %(lately)s
           AND NOT EXISTS (
               SELECT FROM accounts_tiermove o
               WHERE o.account_id = m.account_id AND o.tier_id IS NOT DISTINCT FROM m.tier_id
                 AND o.day < m.day AND o.day >= m.day - %(same)s AND o.fires AND o.withdrawn_at IS NULL
                 AND NOT EXISTS (SELECT FROM stale s WHERE s.id = o.id))
    FROM missing m
    WHERE NOT EXISTS (SELECT FROM same_again a WHERE a.account_id = m.account_id AND a.day = m.day)
    ORDER BY m.account_id, m.day
    RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM corrected) + (SELECT count(*) FROM withdrawn)
"""


def move_statement(versions: Sequence[InForce]) -> Predicate:
    """The statement, with the versions in force on the days that are looked at.

    It returns how many moves were written, corrected or withdrawn.
    """
    params: dict[str, Any] = {"same": SAME, "lately": LATELY}
    for v in versions:
        params |= {f"v{v.version}": v.version, f"first{v.version}": v.first, f"order{v.version}": v.scheme.order}

    def by_version(day: str, value: str) -> str:
        cases = " ".join(
            f"WHEN {day} >= %(first{v.version})s::date THEN {value.format(n=v.version, m=v.scheme.metric.value)}"
            for v in reversed(versions)
        )
        return f"(CASE {cases} END)"

    sql = _MOVES.format(
        metric=by_version("f.day", "f.{m}::numeric"),
        version=by_version("r.day", "%(v{n})s::int"),
        first=by_version("r.day", "%(first{n})s::date"),
        ranks=by_version("r.day", "%(order{n})s::text[]"),
    )
    return Predicate(sql, params)
