"""One telling of a subscription as SQL: what is kept of it, and from which day the facts have to be worked out again.

The parts are common table expressions, so that whoever is told can store its
receipt in the same statement: KNOWN first, which locks the subscription of
`external_id`, then `told`, an account_id and a row of TOLD (or none, and nothing
happens), then TELLING, which ends in `changed`, the first day on which anything
is different now.

A statement sees the database as it was when it began. Had the subscription to
be waited for, then what it was is not known to it: `known.is_fresh` is false.
`told` must be empty then, and the statement is run again. Two first tellings
have no row to wait for; each marks the whole life, which is never wrong. Who
stores receipts too waits for `turn` before that row, so that of two tellings,
first or not, none holds a receipt while it waits for the subscription.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime

from accounts.records.terms import Terms

_TYPES: Mapping[str, str] = {
    "plan": "text",
    "billing_frequency": "text",
    "seats": "integer",
    "mrr": "numeric",
    "unpriced": "text",
    "currency": "text",
    "is_trial": "boolean",
    "is_paused": "boolean",
    "renews_on": "date",
    "ends_on": "date",
    "is_cancelling": "boolean",
    "discounts_of": "text",
}
_TERMS = ", ".join(Terms.__dataclass_fields__)


def _terms_of(row: str) -> str:
    return ", ".join(f"{row}.{name}" for name in Terms.__dataclass_fields__)


_NEWER = ", ".join(
    f"{name} = CASE WHEN (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)"
    f" THEN excluded.{name} ELSE kept.{name} END"
    for name in ("account_id", "starts_on", "told_at", "told_as")
)

# The shape of `told` for jsonb_to_record, but for its first column, which is the account_id.
TOLD = "external_id text, starts_on date, from_day date, told_at timestamptz, told_as text, " + ", ".join(
    f"{name} {_TYPES[name]}" for name in Terms.__dataclass_fields__
)

# Whoever tells anything of a subscription writes its row anew (`held`): a row that was waited for has another place.
_BEFORE = """
before AS MATERIALIZED (
    SELECT id, account_id, starts_on, ctid AS place FROM accounts_subscription WHERE external_id = %(external_id)s
),
"""
_ROW = "SELECT ctid AS place FROM accounts_subscription WHERE external_id = %(external_id)s"
_IS_FRESH = """
known AS MATERIALIZED (
    SELECT (SELECT place FROM locked) IS NOT DISTINCT FROM (SELECT place FROM before) AS is_fresh
)
"""
KNOWN = f"{_BEFORE} locked AS MATERIALIZED ({_ROW} FOR NO KEY UPDATE), {_IS_FRESH}"


def known_in_turn(turn: str) -> str:
    """KNOWN, once `turn` was waited for: expressions in SQL, each of which takes a lock, in this order."""
    return f"""
{_BEFORE}
turn AS MATERIALIZED (SELECT {turn}),
locked AS MATERIALIZED (
    SELECT place FROM turn CROSS JOIN LATERAL ({_ROW} AND turn IS NOT NULL FOR NO KEY UPDATE) AS row
),
{_IS_FRESH}
"""


# `stood`: the terms in force on that day until now; the first holds from the start of the subscription.
# Who tells that it has ended tells so of each day since: of those that something older was told of, it is what
# stands (`ended`), and whatever older comes later does not (`said`).
TELLING = f"""
held AS (
    INSERT INTO accounts_subscription AS kept (external_id, account_id, starts_on, told_at, told_as, created_at)
    SELECT external_id, account_id, starts_on, told_at, told_as, now() FROM told
    ON CONFLICT (external_id) DO UPDATE SET {_NEWER}
    RETURNING id, account_id, starts_on
),
stood AS MATERIALIZED (
    SELECT t.from_day, ({_terms_of("t")}) AS terms
    FROM told CROSS JOIN before b JOIN accounts_subscriptionterm t ON t.subscription_id = b.id
    ORDER BY t.from_day <= told.from_day DESC, abs(t.from_day - told.from_day)
    LIMIT 1
),
said AS MATERIALIZED (
    SELECT told_at, told_as, {_TERMS} FROM (
        SELECT from_day, told_at, told_as, {_TERMS} FROM told
        UNION ALL
        SELECT t.from_day, t.told_at, t.told_as, {_terms_of("t")}
        FROM told CROSS JOIN before b JOIN accounts_subscriptionterm t ON t.subscription_id = b.id
        WHERE t.from_day < told.from_day AND t.ends_on <= t.from_day
          AND (t.told_at, t.told_as) > (told.told_at, told.told_as)
    ) AS every
    ORDER BY told_at DESC, told_as DESC, from_day DESC LIMIT 1
),
ended AS (
    UPDATE accounts_subscriptionterm t
    SET told_at = told.told_at, told_as = told.told_as,
        {", ".join(f"{name} = told.{name}" for name in Terms.__dataclass_fields__)}
    FROM told CROSS JOIN before b
    WHERE t.subscription_id = b.id AND t.from_day > told.from_day AND told.ends_on <= told.from_day
      AND (t.told_at, t.told_as) < (told.told_at, told.told_as)
    RETURNING t.subscription_id, t.from_day
),
agreed AS (
    INSERT INTO accounts_subscriptionterm AS kept (subscription_id, from_day, told_at, told_as, {_TERMS})
    SELECT held.id, told.from_day, said.told_at, said.told_as, {_terms_of("said")}
    FROM told CROSS JOIN held CROSS JOIN said
    ON CONFLICT (subscription_id, from_day) DO UPDATE
    SET told_at = excluded.told_at, told_as = excluded.told_as,
        {", ".join(f"{name} = excluded.{name}" for name in Terms.__dataclass_fields__)}
    WHERE (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)
    RETURNING ({_terms_of("kept")}) AS terms
),
changed AS MATERIALIZED (
    SELECT least((
        SELECT min(greatest(t.from_day, h.starts_on))
        FROM ended JOIN accounts_subscriptionterm t USING (subscription_id, from_day)
        WHERE ({_terms_of("t")}) IS DISTINCT FROM ({_terms_of("told")})
    ), CASE
        WHEN b.id IS NULL OR s.from_day IS NULL THEN h.starts_on
        WHEN (b.account_id, b.starts_on) <> (h.account_id, h.starts_on) THEN least(b.starts_on, h.starts_on)
        WHEN a.terms IS NULL OR a.terms IS NOT DISTINCT FROM s.terms THEN NULL
        WHEN s.from_day > told.from_day THEN h.starts_on
        WHEN s.from_day = told.from_day AND NOT EXISTS (
            SELECT FROM accounts_subscriptionterm t
            WHERE t.subscription_id = b.id AND t.from_day < told.from_day) THEN h.starts_on
        ELSE greatest(told.from_day, h.starts_on)
    END) AS day
    FROM told CROSS JOIN held h
    LEFT JOIN before b ON true LEFT JOIN stood s ON true LEFT JOIN agreed a ON true
),
marks AS (
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT account_id, day
    FROM changed CROSS JOIN (SELECT account_id FROM before UNION SELECT account_id FROM held) AS whose
    WHERE day IS NOT NULL
    ORDER BY account_id
)
"""


def as_told(
    external_id: str,
    terms: Terms,
    *,
    from_day: date,
    starts_on: date,
    told_at: datetime,
    told_as: str,
) -> str:
    """One row of TOLD as JSON."""
    told = {"external_id": external_id, "starts_on": starts_on, "from_day": from_day}
    return json.dumps(told | {"told_at": told_at, "told_as": told_as} | asdict(terms), default=str)
