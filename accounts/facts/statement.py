"""The one statement that works out account facts, for one account and day or for all of them.

It is put together from parts: a calendar of the days that are needed, what is
added up over windows of days, and what is looked up for each day. Only what is
dated on or before a day counts towards it, so that a day worked out late says
the same as one worked out in time. Parameters: `accounts` and `first_days`
(arrays, side by side), `last_day`, `currency` (the reporting currency).

Windows of n days end with the day itself: (day - n, day].
"""

from accounts.usage.rules import SIGN_IN_NAMES

_SIGN_INS = ", ".join(f"'{name}'" for name in SIGN_IN_NAMES)

# Windows reach back 29 days, so the calendar begins that much before the first day asked for.
CALENDAR = """
todo AS MATERIALIZED (
    SELECT t.account_id, t.first_day, before.*
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
            (SELECT min(s.starts_on) FROM accounts_subscription s WHERE s.account_id = t.account_id) AS subscribed_from
    ) AS before
    WHERE t.first_day <= %(last_day)s::date
),
calendar AS (
    SELECT t.account_id, d::date AS day
    FROM todo t
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
    FROM todo t
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
    only=f"AND u.quantity > 0 AND u.name NOT IN ({_SIGN_INS})",
)

USED = """
used AS (
    SELECT c.account_id, c.day,
           sum(s.move) OVER so_far AS seats_active,
           sum(f.move) OVER so_far AS features_28,
           max(c.day) FILTER (WHERE u.sign_ins > 0) OVER so_far AS sign_in_on,
           max(c.day) FILTER (WHERE u.key_actions > 0) OVER so_far AS key_action_on,
           sum(u.sign_ins) OVER last_30 AS sign_ins_30,
           sum(u.key_actions) OVER last_30 AS key_actions_30,
           count(*) FILTER (WHERE u.events > 0) OVER last_28 AS active_days_28,
           sum(u.seconds) OVER last_28 AS seconds_28
    FROM calendar c
    LEFT JOIN accounts_dailyusage u ON u.account_id = c.account_id AND u.day = c.day
    LEFT JOIN seat_moves s ON s.account_id = c.account_id AND s.day = c.day
    LEFT JOIN feature_moves f ON f.account_id = c.account_id AND f.day = c.day
    WINDOW so_far AS (PARTITION BY c.account_id ORDER BY c.day),
           last_30 AS (PARTITION BY c.account_id ORDER BY c.day ROWS 29 PRECEDING),
           last_28 AS (PARTITION BY c.account_id ORDER BY c.day ROWS 27 PRECEDING)
)
"""

# The next renewal on or after the day: a known end or renewal, moved by whole
# billing periods. A sum with an unknown part is unknown, not a smaller sum.
CONTRACTS = """
SELECT count(*) AS subscriptions,
       CASE WHEN bool_or(s.mrr IS NULL OR s.currency <> %(currency)s) THEN NULL ELSE coalesce(sum(s.mrr), 0) END AS mrr,
       CASE WHEN bool_or(s.seats IS NULL) THEN NULL ELSE coalesce(sum(s.seats), 0) END AS seats_bought,
       (array_agg(s.billing_frequency ORDER BY s.mrr DESC NULLS LAST, s.external_id))[1] AS billing_frequency,
       min(CASE
           WHEN s.renews_on IS NULL AND s.ends_on IS NOT NULL THEN s.ends_on
           WHEN p.months IS NULL THEN CASE WHEN s.renews_on >= w.day THEN s.renews_on END
           WHEN p.earlier > s.starts_on AND p.earlier >= w.day THEN p.earlier
           ELSE p.later
       END) AS renews_on
FROM accounts_subscription s
CROSS JOIN LATERAL (
    SELECT months,
           (anchor + make_interval(months => months * turns))::date AS earlier,
           (anchor + make_interval(months => months * (turns + 1)))::date AS later
    FROM (SELECT coalesce(s.renews_on, s.starts_on) AS anchor,
                 CASE s.billing_frequency WHEN 'monthly' THEN 1 WHEN 'annual' THEN 12 END AS months) AS term
    CROSS JOIN LATERAL (
        SELECT floor(((extract(year FROM w.day) - extract(year FROM anchor)) * 12
                      + extract(month FROM w.day) - extract(month FROM anchor)) / months)::int AS turns
    ) AS passed
) AS p
WHERE s.account_id = w.account_id
  AND NOT s.is_trial
  AND s.starts_on <= w.day
  AND (s.ends_on IS NULL OR w.day < s.ends_on)
"""

TICKETS = """
SELECT count(*) FILTER (WHERE k.closed_at IS NULL OR k.closed_at >= w.next_day) AS open_tickets,
       count(*) FILTER (WHERE k.opened_at >= w.next_day - interval '30 days') AS tickets_30
FROM accounts_ticket k
WHERE k.account_id = w.account_id AND k.opened_at < w.next_day
  AND (k.opened_at >= w.next_day - interval '30 days' OR k.closed_at IS NULL OR k.closed_at >= w.next_day)
"""

LATEST_NPS = """
SELECT n.score
FROM accounts_feedbackscore n
WHERE n.account_id = w.account_id AND n.kind = 'nps'
  AND n.at < w.next_day AND n.at >= w.next_day - interval '180 days'
ORDER BY n.at DESC, n.external_id DESC
LIMIT 1
"""

MILESTONES = """
SELECT coalesce(array_agg(m.key ORDER BY m.key), '{}') AS keys
FROM accounts_milestonereach r
JOIN accounts_milestone m ON m.id = r.milestone_id
WHERE r.account_id = w.account_id AND r.reached_at < w.next_day
"""

# Column of the facts → how it is worked out. `w` carries what is known of the day.
COLUMNS = {
    "day": "w.day",
    "account_id": "w.account_id",
    "plan_segment": "nullif(w.plan_segment, '')",
    "billing_frequency": "nullif(c.billing_frequency, '')",
    "days_since_sign_up": "CASE WHEN w.signed_up_on <= w.day THEN w.day - w.signed_up_on END",
    "renews_on": "c.renews_on",
    "days_to_renewal": "c.renews_on - w.day",
    "mrr": "CASE WHEN w.is_subscribed THEN c.mrr END",
    "arr": "CASE WHEN w.is_subscribed THEN c.mrr * 12 END",
    "seats_bought": "CASE WHEN w.is_subscribed THEN c.seats_bought END",
    "seats_active": "CASE WHEN w.is_named THEN coalesce(w.seats_active, 0) END",
    "seat_utilisation": "CASE WHEN w.is_named AND w.is_subscribed AND c.seats_bought > 0"
    " THEN least(round(coalesce(w.seats_active, 0)::numeric / c.seats_bought, 4), 9999.9999) END",
    "days_since_sign_in": "w.day - coalesce(w.sign_in_on, w.sign_in_before)",
    "days_since_key_action": "w.day - coalesce(w.key_action_on, w.key_action_before)",
    "sign_ins_30": "CASE WHEN w.is_used THEN coalesce(w.sign_ins_30, 0) END",
    "active_days_28": "CASE WHEN w.is_used THEN w.active_days_28 END",
    "key_actions_30": "CASE WHEN w.is_used THEN coalesce(w.key_actions_30, 0) END",
    "features_28": "CASE WHEN w.is_used THEN coalesce(w.features_28, 0) END",
    "minutes_28": "CASE WHEN w.is_used THEN div(coalesce(w.seconds_28, 0), 60) END",
    "open_tickets": "CASE WHEN w.is_supported THEN k.open_tickets END",
    "tickets_30": "CASE WHEN w.is_supported THEN k.tickets_30 END",
    "nps": "n.score",
    "milestones": "m.keys",
}

_KEY = ("day", "account_id")
_FACTS = [name for name in COLUMNS if name not in _KEY]

REFRESH = f"""
WITH {CALENDAR}, {SEATS}, {FEATURES}, {USED},
support AS MATERIALIZED (SELECT min(opened_at) AS opened_from FROM accounts_ticket),
known AS (
    SELECT u.*, (u.day + 1)::timestamp AT TIME ZONE 'UTC' AS next_day,
           a.plan_segment, a.signed_up_on, t.sign_in_before, t.key_action_before,
           coalesce(t.used_from <= u.day, false) AS is_used,
           coalesce(t.named_from <= u.day, false) AS is_named,
           coalesce(t.subscribed_from <= u.day, false) AS is_subscribed
    FROM todo t
    JOIN used u ON u.account_id = t.account_id AND u.day >= t.first_day
    JOIN accounts_account a ON a.id = t.account_id
)
INSERT INTO accounts_accountfacts AS kept ({", ".join(COLUMNS)})
SELECT {", ".join(COLUMNS.values())}
FROM (SELECT u.*, coalesce((SELECT opened_from FROM support) < u.next_day, false) AS is_supported FROM known u) AS w
CROSS JOIN LATERAL ({CONTRACTS}) AS c
CROSS JOIN LATERAL ({TICKETS}) AS k
LEFT JOIN LATERAL ({LATEST_NPS}) AS n ON true
CROSS JOIN LATERAL ({MILESTONES}) AS m
ORDER BY w.day, w.account_id
ON CONFLICT (day, account_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _FACTS)}, refreshed_at = now()
WHERE ({", ".join(f"kept.{name}" for name in _FACTS)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _FACTS)})
"""
"""Rows that would not change are left alone, so that a second run writes nothing."""
