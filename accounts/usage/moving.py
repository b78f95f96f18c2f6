"""Taking moved events out of the daily sums of the accounts that they left, and adding them up where they are now.

Whoever moves events fills the table of the moved (MOVED) in one statement with
the move, and runs the rest in the same transaction, in this order. Each sum is
in the end what it is over the events that are there, but for key actions: those
are counted as the list of key actions was when an event came in, of which
nothing is kept, so that the moved ones are taken out as the list is now.
"""

from django.db import connection

from accounts.records.rules import LARGEST_COUNT
from accounts.usage.counting import COUNTING, LARGEST_WEIGHT, SIGN_INS, gigabytes_of

# `left_id` is the account that the event has left, `account_id` the one where it is now.
CREATE = """
CREATE TEMPORARY TABLE moved_events (left_id bigint, account_id bigint, contact_id bigint, name text, quantity bigint,
                                     seconds bigint, occurred_at timestamptz, gigabytes numeric, day date)
"""
MOVED = "moved_events (left_id, account_id, contact_id, name, quantity, seconds, occurred_at, gigabytes, day)"
_DROP = "DROP TABLE moved_events"

# Who stores events takes the rows of daily usage first, in this order.
_LOCK = """
SELECT FROM accounts_dailyusage
WHERE (account_id, day) IN (SELECT left_id, day FROM moved_events UNION SELECT account_id, day FROM moved_events)
ORDER BY account_id, day FOR NO KEY UPDATE
"""
_ADD = f"""
WITH stored AS (SELECT * FROM moved_events), {COUNTING}
INSERT INTO accounts_factsdirty (account_id, day)
SELECT account_id, day FROM counted_days UNION SELECT left_id, day FROM moved_events
"""


def events_of_day(account: str, day: str, name: str) -> str:
    """SQL for the events `e` of one name of an account on a day (UTC), as the index has them."""
    return f"""accounts_event e WHERE e.account_id = {account} AND e.name = {name}
        AND e.occurred_at >= {day}::timestamp AT TIME ZONE 'UTC'
        AND e.occurred_at < ({day} + 1)::timestamp AT TIME ZONE 'UTC'"""


def _events_of_all_names(account: str, day: str) -> str:
    return f"""accounts_eventday n CROSS JOIN LATERAL (
        SELECT e.* FROM {events_of_day("n.account_id", "n.day", "n.name")}
    ) AS e WHERE n.account_id = {account} AND n.day = {day}"""


def _rest(amount: str, most: int = LARGEST_COUNT) -> str:
    """SQL for the sum over what is left; NULL where nothing is."""
    return f"CASE WHEN count({amount}) > 0 THEN least(sum({amount}), {most}) END"


_EVENT_DAYS = f"""
WITH rest AS MATERIALIZED (
    SELECT m.*, sums.* FROM (SELECT DISTINCT left_id, day, name FROM moved_events) AS m
    CROSS JOIN LATERAL (
        SELECT {_rest("e.quantity")} AS quantity, min(e.occurred_at) FILTER (WHERE e.quantity > 0)
                   AS first_at, max(e.occurred_at) FILTER (WHERE e.quantity > 0) AS last_at
        FROM {events_of_day("m.left_id", "m.day", "m.name")}
    ) AS sums
),
empty AS (
    DELETE FROM accounts_eventday k USING rest r
    WHERE (k.account_id, k.day, k.name) = (r.left_id, r.day, r.name) AND r.quantity IS NULL
)
UPDATE accounts_eventday k SET quantity = r.quantity, first_at = r.first_at, last_at = r.last_at FROM rest r
WHERE (k.account_id, k.day, k.name) = (r.left_id, r.day, r.name) AND r.quantity IS NOT NULL
"""
_DAYS = f"""
WITH rest AS MATERIALIZED (
    SELECT m.*, sums.*
    FROM (
        SELECT moved.left_id, moved.day, sum(moved.seconds) AS seconds,
               coalesce(sum(moved.quantity) FILTER (WHERE k.id IS NOT NULL), 0) AS key_actions,
               min(moved.occurred_at) FILTER (WHERE k.id IS NOT NULL) AS first_at,
               max(moved.occurred_at) FILTER (WHERE k.id IS NOT NULL) AS last_at
        FROM moved_events moved LEFT JOIN accounts_keyaction k ON k.event_name = moved.name GROUP BY 1, 2
    ) AS m
    CROSS JOIN LATERAL (
        SELECT {_rest("n.quantity")} AS events,
               least(coalesce(sum(n.quantity) FILTER (WHERE n.name IN ({SIGN_INS})), 0), {LARGEST_COUNT}) AS sign_ins,
               min(n.first_at) FILTER (WHERE k.id IS NOT NULL) AS key_first_at,
               max(n.last_at) FILTER (WHERE k.id IS NOT NULL) AS key_last_at
        FROM accounts_eventday n LEFT JOIN accounts_keyaction k ON k.event_name = n.name
        WHERE n.account_id = m.left_id AND n.day = m.day
    ) AS sums
),
empty AS (
    DELETE FROM accounts_dailyusage k USING rest r
    WHERE (k.account_id, k.day) = (r.left_id, r.day) AND r.events IS NULL
)
UPDATE accounts_dailyusage k
SET events = r.events, sign_ins = r.sign_ins, seconds = greatest(k.seconds - r.seconds, 0),
    key_actions = greatest(k.key_actions - r.key_actions, 0),
    key_first_at = CASE WHEN k.key_first_at >= r.first_at THEN r.key_first_at ELSE k.key_first_at END,
    key_last_at = CASE WHEN k.key_last_at <= r.last_at THEN r.key_last_at ELSE k.key_last_at END
FROM rest r WHERE (k.account_id, k.day) = (r.left_id, r.day) AND r.events IS NOT NULL
"""
_CONTACT_DAYS = f"""
WITH rest AS MATERIALIZED (
    SELECT m.*, sums.*
    FROM (
        SELECT moved.left_id, moved.day, moved.contact_id,
               coalesce(sum(moved.quantity) FILTER (WHERE k.id IS NOT NULL), 0) AS key_actions
        FROM moved_events moved LEFT JOIN accounts_keyaction k ON k.event_name = moved.name GROUP BY 1, 2, 3
    ) AS m
    CROSS JOIN LATERAL (
        SELECT {_rest("e.quantity")} AS events
        FROM {_events_of_all_names("m.left_id", "m.day")} AND e.contact_id = m.contact_id
    ) AS sums
),
empty AS (
    DELETE FROM accounts_contactday k USING rest r
    WHERE (k.account_id, k.day, k.contact_id) = (r.left_id, r.day, r.contact_id) AND r.events IS NULL
)
UPDATE accounts_contactday k SET events = r.events, key_actions = greatest(k.key_actions - r.key_actions, 0)
FROM rest r WHERE (k.account_id, k.day, k.contact_id) = (r.left_id, r.day, r.contact_id) AND r.events IS NOT NULL
"""
_METERED_DAYS = f"""
WITH rest AS MATERIALIZED (
    SELECT m.*, sums.* FROM (SELECT DISTINCT left_id, day FROM moved_events WHERE gigabytes IS NOT NULL) AS m
    CROSS JOIN LATERAL (
        SELECT {_rest(gigabytes_of("e.properties"), LARGEST_WEIGHT)} AS gigabytes
        FROM {_events_of_all_names("m.left_id", "m.day")}
    ) AS sums
),
empty AS (
    DELETE FROM accounts_meteredday k USING rest r
    WHERE (k.account_id, k.day) = (r.left_id, r.day) AND r.gigabytes IS NULL
)
UPDATE accounts_meteredday k SET gigabytes = r.gigabytes FROM rest r
WHERE (k.account_id, k.day) = (r.left_id, r.day) AND r.gigabytes IS NOT NULL
"""
_LEFT = "SELECT DISTINCT left_id, name FROM moved_events ORDER BY left_id, name"


def recount_moved() -> list[tuple[int, str]]:
    """Carry the sums of the moved events over, and mark the days of both accounts; drops the table of the moved.

    Returns the accounts that events have left (ids), each with the names of those that did.
    """
    with connection.cursor() as cursor:
        for statement in (_LOCK, _ADD, _EVENT_DAYS, _DAYS, _CONTACT_DAYS, _METERED_DAYS):
            cursor.execute(statement)
        cursor.execute(_LEFT)
        left: list[tuple[int, str]] = cursor.fetchall()
        cursor.execute(_DROP)
    return left
