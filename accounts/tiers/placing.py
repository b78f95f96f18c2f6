"""The statement that writes the tier of each day on the rows of the facts.

Held on a day is the highest tier that was earned on one of the days that still
count towards it. Where the tier of the day before is known, and the day earns at
least that, the day alone says it; only accounts below their tier are looked back
at. Rows to be written are named by account as well as by day: statistics do not know
a day that is only being worked out, and all rows of it would be read. Parameters
besides those of the versions: `accounts`, `first_days` (arrays, side by side),
`first_day` (the earliest of them: rows of months before it are not looked at) and
`last_day`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from accounts.conditions.rules.predicate import Predicate
from accounts.tiers.inforce import InForce
from accounts.tiers.rules import Policy, Scheme

TABLE = "accounts_accountfacts"


def place_statement(versions: Sequence[InForce]) -> Predicate:
    """The statement; it returns the accounts of which a row was written, or null."""
    params: dict[str, Any] = {"changes": [v.first for v in versions]}
    now = _by_version(versions, lambda v: f"%(order{v.version})s::text[]")
    earned = earned_sql(versions, "f", params, "e")
    before = earned_sql(versions, "h", params, "h")
    counts = _by_version(versions, lambda v: _counts_from(v.scheme, "a"), "a")
    params |= {f"first{v.version}": v.first for v in versions} | {f"order{v.version}": v.scheme.order for v in versions}
    sql = f"""
    WITH asked AS (
        SELECT f.account_id, f.day, f.tier AS was, {earned} AS earned, {now} AS ranks,
               b.tier AS before, b.day IS NOT NULL AND NOT f.day = ANY (%(changes)s::date[])
                   AND (b.tier IS NULL OR b.tier = ANY ({now})) AS is_settled
        FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
        JOIN {TABLE} f ON f.account_id = t.account_id AND f.day >= t.first_day AND f.day <= %(last_day)s::date
        LEFT JOIN LATERAL (
            SELECT p.day, p.tier FROM {TABLE} p
            WHERE p.account_id = t.account_id AND p.day < t.first_day AND f.day = t.first_day
            ORDER BY p.day DESC LIMIT 1
        ) AS b ON true
        OFFSET 0
    ),
    held AS MATERIALIZED (
        SELECT a.account_id, a.day, a.was, CASE
            WHEN a.is_settled AND a.earned IS NOT NULL
                 AND coalesce(array_position(a.ranks, a.earned), 0) >= coalesce(array_position(a.ranks, a.before), 0)
            THEN a.earned
            ELSE (
                SELECT a.ranks[max(array_position(a.ranks, h.earned))]
                FROM (SELECT {before} AS earned FROM {TABLE} h
                      WHERE h.account_id = a.account_id AND h.day >= {counts} AND h.day <= a.day) AS h
            ) END AS now
        FROM asked a
    ),
    written AS (
        UPDATE {TABLE} AS kept SET tier = nullif(p.now, '')
        FROM held p
        WHERE kept.account_id = p.account_id AND kept.day = p.day
          AND kept.day >= %(first_day)s::date AND kept.day <= %(last_day)s::date
          AND kept.account_id = ANY (%(accounts)s::bigint[])
          AND p.was IS DISTINCT FROM nullif(p.now, '')
        RETURNING kept.account_id
    )
    SELECT array_agg(DISTINCT account_id ORDER BY account_id) FROM written
    """
    return Predicate(sql, params)


def earned_sql(versions: Sequence[InForce], row: str, params: dict[str, Any], prefix: str) -> str:
    """SQL for the key that a row's day earns; '' below the lowest tier, null when the metric is unknown."""
    cases = []
    for version in reversed(versions):
        metric = f"{row}.{version.scheme.metric.value}"
        steps = " ".join(
            f"WHEN {metric} >= {_put(params, prefix, step.minimum, 'numeric')}"
            f" THEN {_put(params, prefix, step.key, 'text')}"
            for step in reversed(version.scheme.steps)
        )
        inner = f"CASE WHEN {metric} IS NULL THEN NULL {steps} ELSE '' END"
        cases.append(f"WHEN {row}.day >= {_put(params, prefix, version.first, 'date')} THEN {inner}")
    return f"(CASE {' '.join(cases)} END)"


def _put(params: dict[str, Any], prefix: str, value: Any, kind: str) -> str:
    name = f"{prefix}{len(params)}"
    params[name] = value
    return f"%({name})s::{kind}"


def _by_version(versions: Sequence[InForce], value: Callable[[InForce], str], row: str = "f") -> str:
    """SQL for what the version in force on the day of a row says."""
    cases = " ".join(f"WHEN {row}.day >= %(first{v.version})s::date THEN {value(v)}" for v in reversed(versions))
    return f"(CASE {cases} END)"


def _counts_from(scheme: Scheme, row: str) -> str:
    """The first day that still counts towards the tier of a row's day.

    A renewal counts once it was due: the last row before its day, or that of the day itself, still told it.
    One that billing moved away meanwhile never was.
    """
    if scheme.policy is Policy.GRACE:
        return f"{row}.day - {scheme.grace_days - 1:d}"
    return f"""coalesce((
        SELECT max(r.renews_on)
        FROM (SELECT renews_on, lead(day) OVER (ORDER BY day) AS next_day FROM {TABLE}
              WHERE account_id = {row}.account_id AND day <= {row}.day) AS r
        WHERE r.renews_on <= {row}.day AND (r.next_day IS NULL OR r.next_day >= r.renews_on)
    ), '-infinity'::date)"""
