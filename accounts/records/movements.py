"""Movements of MRR, worked out from the dated terms: nothing of them is kept.

Standard definitions: new (the first money of an account), expansion,
contraction, churn (to zero) and reactivation (from zero, having paid before).
MRR is the sum over an account's subscriptions, so that one that replaces
another on the same day is no churn. Money per month in the reporting currency;
an account with a part that is unknown, or in another currency, has no movement
on the days when it had such a part, or had it just before.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.conf import settings
from django.db import connection

from accounts.records.rules import Movement, movement
from accounts.records.spans import spans_of


class Step(StrEnum):
    """How far apart two figures are that are compared."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True)
class Moved:
    """One movement of one account on `day` (the first of the month where months are compared), to `mrr`."""

    account_id: int
    day: date
    kind: Movement
    amount: Decimal
    mrr: Decimal


MOVEMENTS = f"""
WITH {spans_of("(SELECT * FROM accounts_subscription WHERE %(account)s::bigint IS NULL OR account_id = %(account)s)")},
paid AS (
    SELECT account_id, since, until,
           CASE WHEN currency = %(currency)s THEN coalesce(mrr, 0) ELSE 0 END AS mrr,
           (mrr IS NULL OR currency <> %(currency)s)::int AS unknown
    FROM spans
    WHERE NOT is_trial AND (until IS NULL OR since < until)
),
edges AS (
    SELECT account_id, since AS day, mrr, unknown FROM paid
    UNION ALL
    SELECT account_id, until, -mrr, -unknown FROM paid WHERE until IS NOT NULL
),
stepped AS (
    SELECT account_id, date_trunc(%(step)s, day::timestamp)::date AS day, sum(mrr) AS amount, sum(unknown) AS unknown
    FROM edges
    GROUP BY 1, 2
),
running AS (
    SELECT account_id, day, amount, unknown AS unknown_moved, sum(amount) OVER so_far AS mrr,
           sum(unknown) OVER so_far AS unknown
    FROM stepped
    WINDOW so_far AS (PARTITION BY account_id ORDER BY day)
),
known AS (
    SELECT r.*, coalesce(max(mrr) OVER (
        PARTITION BY account_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) > 0 AS has_paid
    FROM running r
)
SELECT account_id, day, amount, mrr, has_paid
FROM known
WHERE amount <> 0 AND unknown = 0 AND unknown_moved = 0 AND day BETWEEN %(first)s AND %(last)s
ORDER BY day, account_id
"""


def movements(first_day: date, last_day: date, *, account_id: int | None = None, step: Step = Step.DAY) -> list[Moved]:
    """Movements on the days [first_day, last_day] (UTC), of one account or all, by day and account.

    By months, the MRR at the end of a month is compared with that at the end
    of the month before, and `first_day` and `last_day` are firsts of months.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            MOVEMENTS,
            {
                "account": account_id,
                "currency": settings.REPORTING_CURRENCY,
                "step": step.value,
                "first": first_day,
                "last": last_day,
            },
        )
        rows = cursor.fetchall()
    found = []
    for account, day, amount, mrr, has_paid in rows:
        kind = movement(mrr - amount, mrr, has_paid=has_paid)
        if kind:
            found.append(Moved(account, day, kind, amount, mrr))
    return found
