"""Adding stored events up by day, as one part of the statement that stores them.

A room that stores events writes one statement:

    WITH …, stored AS (INSERT INTO accounts_event … RETURNING account_id,
    contact_id, name, quantity, seconds, occurred_at, {GIGABYTES}), {COUNTING} SELECT …

so that the sums are always exact over what was really stored, whatever else
writes at the same time. Days are days in UTC; every figure is a sum of
`quantity`, `seconds` is a sum of seconds; the first and the last moment of a
day are those of what happened at least once. A sum that would be larger than
LARGEST_COUNT stands at it, whatever is added first: one absurd row stops no
other. `counted_days` are the accounts and days that were touched. Rows are taken
in key order in every table, and tables in one order, so that two such statements
cannot deadlock.
"""

from accounts.records.rules import LARGEST_COUNT
from accounts.usage.rules import SIGN_IN_NAMES

# Gigabytes; the columns hold less than 10¹⁴ of them.
LARGEST_WEIGHT = 10**14 - 1

SIGN_INS = ", ".join(f"'{name}'" for name in SIGN_IN_NAMES)


def gigabytes_of(properties: str) -> str:
    """SQL for the gigabytes that an event processed; what is no amount of at most a petabyte counts as none."""
    return f"""
CASE WHEN jsonb_typeof({properties} -> 'gigabytes') = 'number'
      AND ({properties} ->> 'gigabytes')::numeric BETWEEN 0 AND 1000000
     THEN round(({properties} ->> 'gigabytes')::numeric, 6) END
"""


GIGABYTES = f"{gigabytes_of('properties')} AS gigabytes"


def _most(total: str) -> str:
    return f"least({total}, {LARGEST_COUNT})"


def _more(column: str) -> str:
    return _most(f"kept.{column}::bigint + excluded.{column}")


COUNTING = f"""
counted AS MATERIALIZED (
    SELECT s.account_id, s.contact_id, s.name, s.quantity, s.seconds, s.gigabytes,
           CASE WHEN s.quantity > 0 THEN s.occurred_at END AS happened_at,
           (s.occurred_at AT TIME ZONE 'UTC')::date AS day,
           CASE WHEN k.id IS NULL THEN 0 ELSE s.quantity END AS key_quantity,
           CASE WHEN s.name IN ({SIGN_INS}) THEN s.quantity ELSE 0 END AS sign_in_quantity
    FROM stored s LEFT JOIN accounts_keyaction k ON k.event_name = s.name
),
counted_days AS (
    INSERT INTO accounts_dailyusage AS kept
        (account_id, day, events, key_actions, sign_ins, seconds, key_first_at, key_last_at)
    SELECT account_id, day, {_most("sum(quantity)")}, {_most("sum(key_quantity)")}, {_most("sum(sign_in_quantity)")},
           sum(seconds),
           min(happened_at) FILTER (WHERE key_quantity > 0), max(happened_at) FILTER (WHERE key_quantity > 0)
    FROM counted GROUP BY account_id, day ORDER BY account_id, day
    ON CONFLICT (account_id, day) DO UPDATE SET
        events = {_more("events")},
        key_actions = {_more("key_actions")},
        sign_ins = {_more("sign_ins")},
        seconds = kept.seconds + excluded.seconds,
        key_first_at = least(kept.key_first_at, excluded.key_first_at),
        key_last_at = greatest(kept.key_last_at, excluded.key_last_at)
    RETURNING account_id, day
),
counted_event_days AS (
    INSERT INTO accounts_eventday AS kept (account_id, day, name, quantity, first_at, last_at)
    SELECT account_id, day, name, {_most("sum(quantity)")}, min(happened_at), max(happened_at)
    FROM counted GROUP BY account_id, day, name ORDER BY account_id, day, name
    ON CONFLICT (account_id, day, name) DO UPDATE SET
        quantity = {_more("quantity")},
        first_at = least(kept.first_at, excluded.first_at),
        last_at = greatest(kept.last_at, excluded.last_at)
),
counted_contact_days AS (
    INSERT INTO accounts_contactday AS kept (account_id, day, contact_id, events, key_actions)
    SELECT account_id, day, contact_id, {_most("sum(quantity)")}, {_most("sum(key_quantity)")}
    FROM counted WHERE contact_id IS NOT NULL
    GROUP BY account_id, day, contact_id ORDER BY account_id, day, contact_id
    ON CONFLICT (account_id, day, contact_id) DO UPDATE SET
        events = {_more("events")},
        key_actions = {_more("key_actions")}
),
counted_metered_days AS (
    INSERT INTO accounts_meteredday AS kept (account_id, day, gigabytes)
    SELECT account_id, day, least(sum(gigabytes), {LARGEST_WEIGHT})
    FROM counted WHERE gigabytes IS NOT NULL
    GROUP BY account_id, day ORDER BY account_id, day
    ON CONFLICT (account_id, day) DO UPDATE
        SET gigabytes = least(kept.gigabytes + excluded.gigabytes, {LARGEST_WEIGHT})
)
"""
"""Common table expressions that follow one named `stored`; no parameters, so `%` need not be doubled."""
