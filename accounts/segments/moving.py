"""The statement that keeps the moves of accounts as the rows of the facts tell them.

A move is a difference between a row and the row before it. What is told and not
kept is written, what is kept and not told is withdrawn; but a move whose like
lies within SAME days is that same move on another day: it keeps its id and
whether it fires, so that late data moves it and never fires it again.

A move fires when the account's own facts made it: the segment was live on both
days, its rule of the day, asked of the day before, says otherwise than on the day,
and the terms of what it names have held since before. It must lie within LATELY
days before `last_day`, and be the first of its like in SAME days. Parameters:
`accounts`, `first_days`, `last_day`, and those of the versions and of `named`.
"""

from collections.abc import Sequence
from typing import Any

from accounts.conditions.rules.predicate import Predicate, predicate
from accounts.conditions.rules.tree import facts_of, walk
from accounts.conditions.rules.vocabulary import ROW, Vocabulary
from accounts.segments.inforce import InForce
from accounts.segments.named import TERMS_MOVED, named

# As far as late data usually reaches, and as old as what still fires may be.
SAME = LATELY = 7
# A function of SQL takes at most a hundred arguments.
FACTS_AT_ONCE = 40

_TOLD = """
wanted AS MATERIALIZED (
    SELECT t.account_id, t.first_day, (
        SELECT f.day FROM accounts_accountfacts f WHERE f.account_id = t.account_id AND f.day < t.first_day
        ORDER BY f.day DESC LIMIT 1
    ) AS day_before
    FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
),
rows AS (
    SELECT w.first_day, f.account_id, f.day, f.segments, f.days_since_sign_up,
           lag(f.segments) OVER mine AS before, lag(f.day) OVER mine AS day_before
    FROM wanted w
    CROSS JOIN LATERAL (
        SELECT * FROM accounts_accountfacts WHERE account_id = w.account_id
            AND day >= coalesce(w.day_before, w.first_day) AND day <= %(last_day)s::date + 1 OFFSET 0
    ) AS f
    WINDOW mine AS (PARTITION BY f.account_id ORDER BY f.day)
),
versions AS (
    SELECT * FROM unnest(
        %(v_segments)s::bigint[], %(v_keys)s::text[], %(v_versions)s::int[], %(v_first)s::date[], %(v_until)s::date[],
        %(v_live)s::boolean[]) AS v(segment_id, key, version, first, until, is_live)
),
told AS MATERIALIZED (
    SELECT r.account_id, r.day, r.day_before, r.days_since_sign_up, now.segment_id, d.entered, now.version,
           now.is_live AND coalesce(was.is_live, false) AS is_settled
    FROM rows r
    CROSS JOIN LATERAL (
        (SELECT unnest(r.segments) AS key, true AS entered EXCEPT SELECT unnest(r.before), true)
        UNION ALL
        (SELECT unnest(r.before), false EXCEPT SELECT unnest(r.segments), false)
    ) AS d
    JOIN versions now ON now.key = d.key AND now.first <= r.day AND (now.until IS NULL OR now.until > r.day)
    LEFT JOIN versions was ON was.key = d.key AND was.first <= coalesce(r.day_before, r.day - 1)
        AND (was.until IS NULL OR was.until > coalesce(r.day_before, r.day - 1))
    WHERE r.day >= r.first_day AND r.segments IS DISTINCT FROM r.before
)
"""
# What the rule of the day makes of the day and of the day before: null where there is no such row.
_CAUSED = """
seen AS MATERIALIZED (
    SELECT t.*, now.evidence AS now, was.evidence AS was
    FROM told t
    CROSS JOIN LATERAL (
        SELECT {evidence} AS evidence FROM accounts_accountfacts {row}
        WHERE {row}.account_id = t.account_id AND {row}.day = t.day
    ) AS now
    LEFT JOIN LATERAL (
        SELECT {evidence} AS evidence FROM accounts_accountfacts {row}
        WHERE {row}.account_id = t.account_id AND {row}.day = t.day_before
    ) AS was ON true
),
caused AS MATERIALIZED (
    SELECT account_id, segment_id, entered, day, version,
           jsonb_build_object('facts', now->'facts', 'truths', now->'truths',
                              'before', was->'facts', 'truths_before', was->'truths') AS evidence,
           CASE WHEN day_before IS NULL AND days_since_sign_up IS DISTINCT FROM 0 THEN 'start'
                WHEN NOT is_settled OR entered = coalesce((was->'truths'->>0)::boolean, false) THEN 'rule'
                WHEN {terms_moved} THEN 'terms'
                ELSE 'facts' END AS cause,
           day - lag(day) OVER (PARTITION BY account_id, segment_id, entered ORDER BY day) AS days_since_alike
    FROM seen
)
"""
_KEEP = """
kept AS MATERIALIZED (
    SELECT m.* FROM wanted w
    JOIN accounts_segmentmove m ON m.account_id = w.account_id
        AND m.day >= w.first_day AND m.day <= %(last_day)s::date + 1 AND m.withdrawn_at IS NULL
),
missing AS MATERIALIZED (
    SELECT c.* FROM caused c
    WHERE NOT EXISTS (SELECT FROM kept k WHERE (k.account_id, k.segment_id, k.entered, k.day)
                                             = (c.account_id, c.segment_id, c.entered, c.day))
),
stale AS MATERIALIZED (
    SELECT k.* FROM kept k
    WHERE NOT EXISTS (SELECT FROM caused c WHERE (k.account_id, k.segment_id, k.entered, k.day)
                                               = (c.account_id, c.segment_id, c.entered, c.day))
),
loose AS (
    SELECT id, account_id, segment_id, entered, day FROM stale
    UNION ALL
    SELECT m.id, m.account_id, m.segment_id, m.entered, m.day FROM wanted w
    JOIN accounts_segmentmove m ON m.account_id = w.account_id AND m.withdrawn_at IS NOT NULL
),
alike AS (
    SELECT DISTINCT ON (m.account_id, m.segment_id, m.entered, m.day) m.*, l.id, abs(l.day - m.day) AS distance
    FROM missing m
    JOIN loose l ON (l.account_id, l.segment_id, l.entered) = (m.account_id, m.segment_id, m.entered)
        AND abs(l.day - m.day) <= %(same)s
    ORDER BY m.account_id, m.segment_id, m.entered, m.day, distance, l.id
),
same_again AS MATERIALIZED (SELECT DISTINCT ON (id) * FROM alike ORDER BY id, distance, day),
withdrawn AS (
    UPDATE accounts_segmentmove m SET withdrawn_at = now()
    WHERE m.id IN (SELECT id FROM stale EXCEPT SELECT id FROM same_again)
    RETURNING 1
),
corrected AS (
    UPDATE accounts_segmentmove m
    SET day = c.day, version = c.version, cause = c.cause, evidence = c.evidence, withdrawn_at = NULL
    FROM (
        SELECT id, day, version, cause, evidence FROM same_again
        UNION ALL
        SELECT k.id, c.day, c.version, c.cause, c.evidence FROM kept k
        JOIN caused c ON (k.account_id, k.segment_id, k.entered, k.day)
                       = (c.account_id, c.segment_id, c.entered, c.day)
        WHERE (k.version, k.cause, k.evidence) IS DISTINCT FROM (c.version, c.cause, c.evidence)
    ) AS c
    WHERE m.id = c.id
    RETURNING 1
),
written AS (
    INSERT INTO accounts_segmentmove (account_id, segment_id, entered, day, version, cause, evidence, fires)
    SELECT c.account_id, c.segment_id, c.entered, c.day, c.version, c.cause, c.evidence,
           c.cause = 'facts' AND c.day > %(last_day)s::date - %(lately)s
           AND coalesce(c.days_since_alike > %(same)s, true)
           AND NOT EXISTS (
               SELECT FROM wanted w JOIN accounts_segmentmove o ON o.account_id = w.account_id AND o.day < w.first_day
               WHERE (o.account_id, o.segment_id, o.entered) = (c.account_id, c.segment_id, c.entered)
                   AND o.day >= c.day - %(same)s AND o.withdrawn_at IS NULL)
    FROM missing c
    WHERE NOT EXISTS (SELECT FROM same_again a WHERE (a.account_id, a.segment_id, a.entered, a.day)
                                                   = (c.account_id, c.segment_id, c.entered, c.day))
    ORDER BY c.account_id, c.day, c.segment_id, c.entered
    RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM corrected) + (SELECT count(*) FROM withdrawn)
"""


def move_statement(history: Sequence[InForce], versions: Sequence[InForce], words: Vocabulary) -> Predicate:
    """The statement, with all versions there ever were and those in force on the days that are looked at.

    It returns how many moves were written, corrected or withdrawn.
    """
    params: dict[str, Any] = {
        "v_segments": [v.segment_id for v in history],
        "v_keys": [v.key for v in history],
        "v_versions": [v.version for v in history],
        "v_first": [v.first for v in history],
        "v_until": [v.until for v in history],
        "v_live": [v.is_live for v in history],
        "same": SAME,
        "lately": LATELY,
    }
    cases = [
        f"WHEN t.segment_id = {v.segment_id:d} AND t.version = {v.version:d} THEN {_evidence(v, words, params)}"
        for v in versions
    ]
    evidence = f"CASE {' '.join(cases)} END" if cases else "NULL::jsonb"
    params |= named(versions)
    caused = _CAUSED.format(row=ROW, evidence=evidence, terms_moved=TERMS_MOVED)
    return Predicate(f"WITH {_TOLD}, {caused}, {_KEEP}", params)


def _evidence(version: InForce, words: Vocabulary, params: dict[str, Any]) -> str:
    """What the rule looks at in the row, and the truth of each part of its tree, in the order of `walk`."""
    named = facts_of(version.rule)
    chunks = [named[n : n + FACTS_AT_ONCE] for n in range(0, len(named), FACTS_AT_ONCE)] or [[]]
    pairs = [", ".join(f"'{name}', {words[name].on(ROW)}" for name in chunk) for chunk in chunks]
    truths = []
    for n, part in enumerate(walk(version.rule)):
        asked = predicate(part, words, f"e{version.segment_id}v{version.version}n{n}_")
        params |= asked.params
        truths.append(asked.sql)
    facts = " || ".join(f"jsonb_build_object({chunk})" for chunk in pairs)
    return f"jsonb_build_object('facts', {facts}, 'truths', jsonb_build_array({', '.join(truths)}))"
