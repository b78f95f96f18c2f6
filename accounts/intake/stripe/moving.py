"""A customer that becomes another account’s takes along what was told of it.

Invariant: whose a subscription, a bill or a credit is depends on what was told
last of its customer, and not on what came in before what. What names its
account by itself stays there.
"""

from typing import Any

from django.db import connection

from accounts.intake.stripe.customers import ACCOUNT_KEY
from accounts.intake.stripe.storing import OF_CUSTOMER

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('customer ' || %(source)s::bigint || ' ' || %(customer)s, 0))"

# Of each thing the newest telling says whose it is: it bears the time and the id of that event.
_TAKE_ALONG = """
{name} AS (
    UPDATE {table} kept SET account_id = %(account)s
    FROM theirs t
    WHERE kept.external_id = t.thing AND (kept.told_at, substr(kept.told_as, 3)) = (t.occurred_at, t.message_id)
    RETURNING {day} AS day
)
"""
_TODAY = "(now() AT TIME ZONE 'UTC')::date"
_MOVE = f"""
WITH theirs AS MATERIALIZED (
    SELECT id, occurred_at, message_id, payload #>> '{{data,object,id}}' AS thing
    FROM accounts_stripecall
    WHERE source_id = %(source)s AND account_id = %(before)s
      AND coalesce(payload #>> '{{data,object,customer,id}}', payload #>> '{{data,object,customer}}') = %(customer)s
      AND coalesce(payload #>> '{{data,object,metadata,{ACCOUNT_KEY}}}', '') = ''
),
calls AS (UPDATE accounts_stripecall c SET account_id = %(account)s FROM theirs WHERE c.id = theirs.id),
{_TAKE_ALONG.format(name="subscriptions", table="accounts_subscription", day="kept.starts_on")},
{_TAKE_ALONG.format(name="bills", table="accounts_invoice", day=_TODAY)},
{_TAKE_ALONG.format(name="credits", table="accounts_billingcredit", day=_TODAY)}
INSERT INTO accounts_factsdirty (account_id, day)
SELECT account_id, moved.day
FROM unnest(ARRAY[%(before)s, %(account)s]::bigint[]) AS account_id
CROSS JOIN (
    SELECT min(day) AS day
    FROM (SELECT day FROM subscriptions UNION ALL SELECT day FROM bills UNION ALL SELECT day FROM credits) AS every
) AS moved
WHERE moved.day IS NOT NULL ORDER BY account_id
"""


def account_in_turn(source_id: int, customer_id: str) -> int | None:
    """The account that a customer is so far; nobody else tells of it until the end of the transaction."""
    parameters: dict[str, Any] = {"source": source_id, "customer": customer_id}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, parameters)
        cursor.execute(f"SELECT {OF_CUSTOMER}", parameters)
        return _first(cursor.fetchone())


def take_along(source_id: int, customer_id: str, before: int) -> None:
    """Bring what was told of a customer from the account that it was to the one that it is, if that is another.

    The facts of both are marked from the first day that differs.
    """
    parameters: dict[str, Any] = {"source": source_id, "customer": customer_id, "before": before}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {OF_CUSTOMER}", parameters)
        account = _first(cursor.fetchone())
        if account != before:
            cursor.execute(_MOVE, parameters | {"account": account})


def _first(row: tuple[int | None]) -> int | None:
    return row[0]
