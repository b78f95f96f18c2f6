"""The one statement that works out account facts, for one account and day or for all of them.

It is put together from parts: a calendar of the days that are needed, what is
added up over windows of days, and what is looked up for each day. Only what is
dated on or before a day counts towards it, so that a day worked out late says
the same as one worked out in time. Parameters: `accounts` and `first_days`
(arrays, side by side), `last_day`, `currency` (the reporting currency),
`company_zone` (the time zone of accounts whose own nobody told).

Windows of n days end with the day itself: (day - n, day]. A count that its column cannot hold
stands at the largest: of one absurd account nobody's facts may fail, and a rule that asks for so
many or more says the same of it.
"""

from accounts.facts import contracts
from accounts.facts.scores import statement as scores
from accounts.records.rules import LARGEST_COUNT
from accounts.streaks.days import zone_of
from accounts.streaks.standing import SPELLS, STREAKS
from accounts.usage.counting import LARGEST_WEIGHT, SIGN_INS
from accounts.usage.rules import API_CALL_NAMES, CANCELLATION_NAMES


def _words(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


_API_CALLS, _CANCELLATIONS = _words(API_CALL_NAMES), _words(CANCELLATION_NAMES)

# Accounts are fetched one by one (OFFSET 0): a merge would read them from the first of the table on.
# Windows reach back 29 days, so the calendar begins that much before the first day asked for.
CALENDAR = f"""
wanted AS MATERIALIZED (
    SELECT t.account_id, t.first_day, a.signed_up_on, {zone_of("a")} AS zone, before.*, planned.*, stood.*
    FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
    CROSS JOIN LATERAL (
        SELECT
            (SELECT min(d.day) FROM accounts_dailyusage d WHERE d.account_id = t.account_id) AS used_from,
            (SELECT min(c.day) FROM accounts_contactday c WHERE c.account_id = t.account_id) AS named_from,
            (SELECT d.day FROM accounts_dailyusage d
             WHERE d.account_id = t.account_id AND d.day < t.first_day - 29 AND d.sign_ins > 0
             ORDER BY d.day DESC LIMIT 1) AS sign_in_before,
            (SELECT d.day FROM accounts_dailyusage d
             WHERE d.account_id = t.account_id AND d.day < t.first_day - 29 AND d.key_actions > 0
             ORDER BY d.day DESC LIMIT 1) AS key_action_before,
            (SELECT min(e.day) FROM accounts_eventday e
             WHERE e.account_id = t.account_id AND e.name IN ({_API_CALLS})) AS metered_from,
            (SELECT min(g.day) FROM accounts_meteredday g WHERE g.account_id = t.account_id) AS weighed_from,
            (SELECT min(s.starts_on) FROM accounts_subscription s WHERE s.account_id = t.account_id) AS subscribed_from
    ) AS before
    CROSS JOIN LATERAL (
        SELECT array_agg(p.from_day ORDER BY p.from_day) AS plan_days,
               array_agg(p.plan_segment ORDER BY p.from_day) AS plan_segments
        FROM accounts_plansegmentsince p WHERE p.account_id = t.account_id
    ) AS planned
    LEFT JOIN LATERAL (
        SELECT segments AS segments_before, tier AS tier_before FROM accounts_accountfacts
        WHERE account_id = t.account_id AND day = t.first_day - 1 OFFSET 0
    ) AS stood ON true
    CROSS JOIN LATERAL (SELECT * FROM accounts_account WHERE id = t.account_id OFFSET 0) AS a
    WHERE t.first_day <= %(last_day)s::date
),
calendar AS (
    SELECT t.account_id, d::date AS day
    FROM wanted t
    CROSS JOIN generate_series(t.first_day - 29, %(last_day)s::date, '1 day') AS d
)
"""

# Distinct over a window without joining each day to the days before it: each use
# of a thing counts from its day until the window has passed or the thing is used
# again, so that at most one span of each thing covers any day.
_DISTINCT = """
{name}_spans AS (
    SELECT u.account_id, u.day,
           least(u.day + {days}, lead(u.day) OVER (PARTITION BY u.account_id, u.{thing} ORDER BY u.day)) AS until
    FROM wanted t
    JOIN {table} u ON u.account_id = t.account_id
        AND u.day > t.first_day - {days} AND u.day <= %(last_day)s::date {only}
),
{name}_moves AS (
    SELECT account_id, day, sum(move) AS move
    FROM (SELECT account_id, day, 1 AS move FROM {name}_spans
          UNION ALL
          SELECT account_id, until, -1 FROM {name}_spans) AS moves
    GROUP BY account_id, day
)
"""
SEATS = _DISTINCT.format(name="seat", days=30, thing="contact_id", table="accounts_contactday", only="AND u.events > 0")
FEATURES = _DISTINCT.format(
    name="feature",
    days=28,
    thing="name",
    table="accounts_eventday",
    only=f"AND u.quantity > 0 AND u.name NOT IN ({SIGN_INS})",
)

# Events that a fact looks for by name.
NAMED = f"""
named AS (
    SELECT u.account_id, u.day,
           sum(u.quantity) FILTER (WHERE u.name IN ({_API_CALLS})) AS api_calls,
           bool_or(u.quantity > 0) FILTER (WHERE u.name IN ({_CANCELLATIONS})) AS is_cancelling
    FROM wanted t
    JOIN accounts_eventday u ON u.account_id = t.account_id
        AND u.day > t.first_day - 30 AND u.day <= %(last_day)s::date
    WHERE u.name IN ({_API_CALLS}, {_CANCELLATIONS})
    GROUP BY u.account_id, u.day
)
"""

# Usage and metered days are fetched account by account: joined to the calendar as they stand,
# they would be read from the first account of the table on for each range of accounts.
USED = """
daily AS MATERIALIZED (
    SELECT u.* FROM wanted t
    JOIN accounts_dailyusage u ON u.account_id = t.account_id
        AND u.day >= t.first_day - 29 AND u.day <= %(last_day)s::date
),
weighed AS MATERIALIZED (
    SELECT g.* FROM wanted t
    JOIN accounts_meteredday g ON g.account_id = t.account_id
        AND g.day >= t.first_day - 29 AND g.day <= %(last_day)s::date
),
used AS (
    SELECT c.account_id, c.day,
           sum(s.move) OVER so_far AS seats_active,
           sum(f.move) OVER so_far AS features_28,
           max(c.day) FILTER (WHERE u.sign_ins > 0) OVER so_far AS sign_in_on,
           max(c.day) FILTER (WHERE u.key_actions > 0) OVER so_far AS key_action_on,
           sum(u.sign_ins) OVER last_30 AS sign_ins_30,
           sum(u.key_actions) OVER last_30 AS key_actions_30,
           count(*) FILTER (WHERE u.events > 0) OVER last_28 AS active_days_28,
           sum(u.seconds) OVER last_28 AS seconds_28,
           sum(e.api_calls) OVER last_30 AS api_calls_30,
           sum(g.gigabytes) OVER last_30 AS gigabytes_30,
           bool_or(e.is_cancelling) OVER last_30 AS is_cancelling
    FROM calendar c
    LEFT JOIN daily u ON u.account_id = c.account_id AND u.day = c.day
    LEFT JOIN seat_moves s ON s.account_id = c.account_id AND s.day = c.day
    LEFT JOIN feature_moves f ON f.account_id = c.account_id AND f.day = c.day
    LEFT JOIN named e ON e.account_id = c.account_id AND e.day = c.day
    LEFT JOIN weighed g ON g.account_id = c.account_id AND g.day = c.day
    WINDOW so_far AS (PARTITION BY c.account_id ORDER BY c.day),
           last_30 AS (PARTITION BY c.account_id ORDER BY c.day ROWS 29 PRECEDING),
           last_28 AS (PARTITION BY c.account_id ORDER BY c.day ROWS 27 PRECEDING)
)
"""

# An odd number of turns before the end of the day: it was closed then, and opened again later.
TICKETS = """
SELECT count(*) FILTER (
           WHERE (k.closed_at IS NULL OR k.closed_at >= w.next_day)
             AND (k.turns IS NULL OR mod(width_bucket(w.next_day - interval '1 microsecond', k.turns), 2) = 0)
       ) AS open_tickets,
       count(*) FILTER (WHERE k.opened_at >= w.next_day - interval '30 days') AS tickets_30
FROM accounts_ticket k
WHERE k.account_id = w.account_id AND k.opened_at < w.next_day
  AND (k.opened_at >= w.next_day - interval '30 days' OR k.closed_at IS NULL OR k.closed_at >= w.next_day)
"""

# Files often tell the day alone. Of answers at one moment the lowest counts, whatever their ids: erasure changes
# those, and facts may not depend on the order in which answers came.
LATEST_NPS = """
SELECT n.score
FROM accounts_feedbackscore n
WHERE n.account_id = w.account_id AND n.kind = 'nps'
  AND n.at < w.next_day AND n.at >= w.next_day - interval '180 days'
ORDER BY n.at DESC, n.score
LIMIT 1
"""

# Answers to surveys, and what customers said of tickets: each as it stood, of several in a row the last. A rating
# that nobody dated came with the first closing.
_RATED_AT = "coalesce(k.rated_at, k.turns[1], k.closed_at)"
_STANDS = f"k.satisfaction IS NOT NULL AND {_RATED_AT} < w.next_day"
MEAN_CSAT = f"""
SELECT round(avg(s.score), 2) AS csat
FROM (
    SELECT f.score FROM accounts_feedbackscore f
    WHERE f.account_id = w.account_id AND f.kind = 'csat'
      AND f.at < w.next_day AND f.at >= w.next_day - interval '90 days'
    UNION ALL
    SELECT rated.score FROM accounts_ticket k
    CROSS JOIN LATERAL (
        SELECT k.satisfaction AS score, {_RATED_AT} AS at WHERE {_STANDS}
        UNION ALL
        (SELECT r.score, r.at FROM unnest(k.former_scores, k.former_rated_at) AS r(score, at)
         WHERE r.at < w.next_day AND ({_STANDS}) IS NOT TRUE
         ORDER BY r.at DESC LIMIT 1)
    ) AS rated
    WHERE k.account_id = w.account_id AND k.opened_at < w.next_day AND rated.at >= w.next_day - interval '90 days'
) AS s
"""

MILESTONES = """
SELECT coalesce(array_agg(m.key ORDER BY m.key), '{}') AS keys
FROM accounts_milestonereach r
JOIN accounts_milestone m ON m.id = r.milestone_id
WHERE r.account_id = w.account_id AND r.reached_at < w.next_day AND r.withdrawn_at IS NULL
"""


def _most(count: str, largest: int = LARGEST_COUNT) -> str:
    return f"least(coalesce({count}, 0), {largest})"


# Column of the facts → how it is worked out. `w` carries what is known of the day.
COLUMNS = {
    "day": "w.day",
    "account_id": "w.account_id",
    "plan_segment": "nullif(w.plan_segments[greatest(width_bucket(w.day, w.plan_days), 1)], '')",
    "days_since_sign_up": "CASE WHEN w.signed_up_on <= w.day THEN w.day - w.signed_up_on END",
    **contracts.COLUMNS,
    "seats_active": "CASE WHEN w.is_named THEN coalesce(w.seats_active, 0) END",
    "days_since_sign_in": "w.day - coalesce(w.sign_in_on, w.sign_in_before)",
    "days_since_key_action": "w.day - coalesce(w.key_action_on, w.key_action_before)",
    "sign_ins_30": f"CASE WHEN w.is_used THEN {_most('w.sign_ins_30')} END",
    "active_days_28": "CASE WHEN w.is_used THEN w.active_days_28 END",
    "key_actions_30": f"CASE WHEN w.is_used THEN {_most('w.key_actions_30')} END",
    "features_28": "CASE WHEN w.is_used THEN coalesce(w.features_28, 0) END",
    "minutes_28": f"CASE WHEN w.is_used THEN {_most('div(w.seconds_28, 60)')} END",
    "api_calls_30": "CASE WHEN w.is_metered THEN coalesce(w.api_calls_30, 0) END",
    "gigabytes_30": f"CASE WHEN w.is_weighed THEN {_most('w.gigabytes_30', LARGEST_WEIGHT)} END",
    "open_tickets": "CASE WHEN w.is_supported THEN k.open_tickets END",
    "tickets_30": "CASE WHEN w.is_supported THEN k.tickets_30 END",
    "nps": "n.score",
    "csat_90": "s.csat",
    "cancellation_intent": "CASE WHEN w.is_used OR w.is_subscribed"
    " THEN coalesce(w.is_cancelling, false) OR coalesce(c.is_cancelling, false) END",
    "milestones": "m.keys",
    "streaks": "CASE WHEN w.is_used THEN st.held ELSE '{}' END",
}
COLUMNS |= scores.columns(
    sign_in=COLUMNS["days_since_sign_in"],
    key_action=COLUMNS["days_since_key_action"],
    key_actions=COLUMNS["key_actions_30"],
    mrr=COLUMNS["mrr"],
    arr=COLUMNS["arr"],
    day="w.day",
)

# What followers work out stands on a new row as it stood the day before, so that they write only what changed.
CARRIED = {
    "segments": "coalesce(w.segments_before, '{}')",
    "primary_segment": "w.segments_before[1]",
    "tier": "w.tier_before",
}

_KEY = ("day", "account_id")
_FACTS = [name for name in COLUMNS if name not in _KEY]

REFRESH = f"""
WITH {CALENDAR}, {SEATS}, {FEATURES}, {NAMED}, {USED}, {contracts.SPANS}, {scores.CUTS}, {scores.WORTH},
support AS MATERIALIZED (SELECT min(opened_at) AS opened_from FROM accounts_ticket),
known AS MATERIALIZED (
    SELECT u.*, (u.day - interval '1 year')::date AS year_before, (u.day + 1)::timestamp AT TIME ZONE 'UTC' AS next_day,
           t.plan_days, t.plan_segments, t.signed_up_on, t.zone, t.sign_in_before, t.key_action_before,
           t.segments_before, t.tier_before,
           coalesce(t.used_from <= u.day, false) AS is_used,
           coalesce(t.named_from <= u.day, false) AS is_named,
           coalesce(t.metered_from <= u.day, false) AS is_metered,
           coalesce(t.weighed_from <= u.day, false) AS is_weighed,
           coalesce(t.subscribed_from <= u.day, false) AS is_subscribed,
           coalesce(t.subscribed_from <= (u.day - interval '1 year')::date, false) AS was_subscribed
    FROM wanted t
    JOIN used u ON u.account_id = t.account_id AND u.day >= t.first_day
),
{contracts.AGREED}, {SPELLS}
INSERT INTO accounts_accountfacts AS kept ({", ".join([*COLUMNS, *CARRIED])})
SELECT {", ".join([*COLUMNS.values(), *CARRIED.values()])}
FROM (SELECT u.*, coalesce((SELECT opened_from FROM support) < u.next_day, false) AS is_supported FROM known u) AS w
LEFT JOIN agreed c ON c.account_id = w.account_id AND c.day = w.day
LEFT JOIN spells p ON p.account_id = w.account_id
LEFT JOIN worth v ON v.account_id = w.account_id
LEFT JOIN cuts q ON w.day >= q.from_day AND w.day < q.until
CROSS JOIN LATERAL ({TICKETS}) AS k
LEFT JOIN LATERAL ({LATEST_NPS}) AS n ON true
CROSS JOIN LATERAL ({MEAN_CSAT}) AS s
CROSS JOIN LATERAL ({MILESTONES}) AS m
CROSS JOIN LATERAL ({STREAKS}) AS st
ORDER BY w.day, w.account_id
ON CONFLICT (day, account_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _FACTS)}, refreshed_at = now()
WHERE ({", ".join(f"kept.{name}" for name in _FACTS)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _FACTS)})
"""
"""Rows that would not change are left alone, so that a second run writes nothing."""
