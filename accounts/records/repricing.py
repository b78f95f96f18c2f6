"""Terms whose MRR can be told now, or is another than was thought when they were told."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

_REPRICE = """
WITH anew AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS a(
        external_id text, told_at timestamptz, told_as text, mrr numeric, unpriced text)
),
changed AS (
    UPDATE accounts_subscriptionterm t SET mrr = anew.mrr, unpriced = anew.unpriced
    FROM anew JOIN accounts_subscription s USING (external_id)
    WHERE t.subscription_id = s.id AND (t.told_at, t.told_as) = (anew.told_at, anew.told_as)
      AND (t.mrr, t.unpriced) IS DISTINCT FROM (anew.mrr, anew.unpriced)
    RETURNING s.id, s.account_id, s.starts_on, t.from_day
),
marks AS (
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT account_id, min(CASE WHEN EXISTS (
        SELECT FROM accounts_subscriptionterm t WHERE t.subscription_id = c.id AND t.from_day < c.from_day)
        THEN c.from_day ELSE least(c.from_day, c.starts_on) END)
    FROM changed c GROUP BY account_id ORDER BY account_id
)
SELECT count(*) FROM changed
"""


def reprice(anew: Sequence[dict[str, Any]]) -> int:
    """Set the MRR of terms, each named by its subscription and the telling that stands in it; returns how many changed.

    A row is `external_id`, `told_at`, `told_as`, `mrr` (in the currency of the
    term, None is unknown) and `unpriced`. A telling that stands nowhere (any
    more) changes nothing. The facts are marked from the first day that differs.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REPRICE, [json.dumps(list(anew), default=str)])
        (changed,) = cursor.fetchone()
        return int(changed)
