"""Movements of MRR, worked out from the dated terms: nothing of them is kept.

Standard definitions: new (the first money of an account), expansion,
contraction, churn (to zero) and reactivation (from zero, having paid before).
MRR is the sum over an account's subscriptions, so that one that replaces
another on the same day is no churn. A pause is a contraction, and churn once
it is PAUSE_DAYS old. Money per month in the reporting currency; an account
with a part that is unknown, or in another currency, has no movement on the
days when it had such a part, or had it just before.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.conf import settings
from django.db import connection

from accounts.records.rules import PAUSE_DAYS, Movement, movement
from accounts.records.spans import spans_of


class Step(StrEnum):
    """How far apart two figures are that are compared."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True)
class Moved:
    """One movement of one account on `day` (the first of the month where months are compared), to `mrr`.

    `is_pause`: it is the beginning or the end of a pause; churn after a pause has the amount 0.
    """

    account_id: int
    day: date
    kind: Movement
    amount: Decimal
    mrr: Decimal
    is_pause: bool = False

    @property
    def words(self) -> str:
        """What it was, for people: Contraction (paused)."""
        word = self.kind.value.capitalize()
        return f"{word} ({_PAUSES[self.kind]})" if self.is_pause else word


_PAUSES = {
    Movement.CONTRACTION: "paused",
    Movement.EXPANSION: "pause ended",
    Movement.CHURN: "after a pause",
}


# A hold is the time, of PAUSE_DAYS at the most, in which an account that paid is paused altogether.
MOVEMENTS = f"""
WITH {spans_of("(SELECT * FROM accounts_subscription WHERE %(account)s::bigint IS NULL OR account_id = %(account)s)")},
paid AS (
    SELECT account_id, since, until,
           CASE WHEN currency = %(currency)s THEN coalesce(mrr, 0) ELSE 0 END AS mrr,
           (mrr IS NULL OR currency <> %(currency)s)::int AS unknown,
           is_paused::int AS paused
    FROM spans
    WHERE NOT is_trial AND (until IS NULL OR since < until)
),
edges AS (
    SELECT account_id, since AS day, mrr, unknown, paused FROM paid
    UNION ALL
    SELECT account_id, until, -mrr, -unknown, -paused FROM paid WHERE until IS NOT NULL
),
paused_ever AS (
    SELECT account_id, day, sum(mrr) AS mrr, sum(unknown) AS unknown, sum(paused) AS paused
    FROM edges WHERE account_id IN (SELECT account_id FROM paid WHERE paused = 1)
    GROUP BY account_id, day
),
states AS (
    SELECT account_id, day, sum(mrr) OVER so_far AS mrr,
           sum(mrr) OVER so_far = 0 AND sum(unknown) OVER so_far = 0 AND sum(paused) OVER so_far > 0 AS is_paused
    FROM paused_ever
    WINDOW so_far AS (PARTITION BY account_id ORDER BY day)
),
turns AS (
    SELECT account_id, day, is_paused, lag(mrr) OVER mine > 0 AS was_paying
    FROM (SELECT *, lag(is_paused) OVER (PARTITION BY account_id ORDER BY day) AS was_paused FROM states) AS s
    WHERE is_paused IS DISTINCT FROM was_paused OR NOT is_paused
    WINDOW mine AS (PARTITION BY account_id ORDER BY day)
),
holds AS (
    SELECT account_id, day AS since, least(ends, day + {PAUSE_DAYS}) AS until
    FROM (SELECT *, lead(day) OVER (PARTITION BY account_id ORDER BY day) AS ends FROM turns) AS t
    WHERE is_paused AND was_paying
),
stepped AS (
    SELECT account_id, date_trunc(%(step)s, day::timestamp)::date AS day, sum(mrr) AS amount,
           sum(unknown) AS unknown, sum(held) AS held
    FROM (
        SELECT account_id, day, mrr, unknown, 0 AS held FROM edges
        UNION ALL
        SELECT account_id, since, 0, 0, 1 FROM holds
        UNION ALL
        SELECT account_id, until, 0, 0, -1 FROM holds
    ) AS every
    GROUP BY 1, 2
),
running AS (
    SELECT account_id, day, amount, unknown AS unknown_moved, held AS held_moved, sum(amount) OVER so_far AS mrr,
           sum(unknown) OVER so_far AS unknown, sum(held) OVER so_far AS held
    FROM stepped
    WINDOW so_far AS (PARTITION BY account_id ORDER BY day)
),
known AS (
    SELECT r.*, coalesce(max(mrr) OVER (
        PARTITION BY account_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) > 0 AS has_paid
    FROM running r
)
SELECT account_id, day, amount, mrr, has_paid, held - held_moved > 0, held > 0
FROM known
WHERE (amount <> 0 OR held_moved <> 0) AND unknown = 0 AND unknown_moved = 0 AND day BETWEEN %(first)s AND %(last)s
ORDER BY day, account_id
"""


def movements(first_day: date, last_day: date, *, account_id: int | None = None, step: Step = Step.DAY) -> list[Moved]:
    """Movements on the days [first_day, last_day] (UTC), of one account or all, by day and account.

    By months, the MRR at the end of a month is compared with that at the end
    of the month before, and `first_day` and `last_day` are firsts of months.
    A pause that nothing ends counts as churn on a day ahead: ask up to today.
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
    for account, day, amount, mrr, has_paid, was_held, is_held in rows:
        kind = movement(mrr - amount, mrr, has_paid=has_paid, was_held=was_held, is_held=is_held)
        if kind:
            found.append(Moved(account, day, kind, amount, mrr, is_pause=was_held != is_held))
    return found
