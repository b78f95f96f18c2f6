"""Marking whoever's facts change because support is told since another day.

From the day of the first ticket on, an account without a ticket has none;
before it nobody knows. So a first ticket that comes late, or is dated anew,
changes the facts of accounts that it does not name. That is looked for before
dirty marks are served, and not by whoever writes the ticket: a support desk
that tells its history backwards would have every account marked with each.
"""

from collections.abc import Sequence
from datetime import date

from django.db import connection, transaction

from accounts.facts.models import SupportSince
from accounts.facts.verbs import lock_accounts, ranges_of_accounts

# The day (UTC) of the first ticket, and the day that facts were marked for before.
_SINCE = """
SELECT (SELECT (min(opened_at) AT TIME ZONE 'UTC')::date FROM accounts_ticket),
       (SELECT day FROM accounts_supportsince)
"""
# Rows that say "unknown" of a day since the first ticket, or know of a day before it.
_MARK = """
INSERT INTO accounts_factsdirty (account_id, day)
SELECT a.id, wrong.day
FROM unnest(%(accounts)s::bigint[]) AS a(id)
CROSS JOIN LATERAL (
    SELECT f.day FROM accounts_accountfacts f
    WHERE f.account_id = a.id
      AND f.day >= %(first)s::date AND (%(until)s::date IS NULL OR f.day < %(until)s::date)
      AND (f.open_tickets IS NULL) = (%(since)s::date IS NOT NULL AND f.day >= %(since)s::date)
    ORDER BY f.day LIMIT 1
) AS wrong
ORDER BY a.id
"""


def mark_support_change() -> int:
    """Mark every account whose facts stand on another first ticket than there is now; returns how many.

    Costs two look-ups when nothing changed. Accounts are taken in ranges, each a
    transaction of its own; the day is noted last, so that whoever dies in
    between has it done again, which harms nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SINCE)
        since, before = cursor.fetchone()
    if since == before:
        return 0
    marked = sum(_mark(ids, since, before) for ids in ranges_of_accounts(None))
    SupportSince.objects.update_or_create(pk=1, defaults={"day": since})
    return marked


@transaction.atomic
def _mark(account_ids: Sequence[int], since: date | None, before: date | None) -> int:
    """Marks of one range. The accounts are locked, so that a refresh at work on them is seen whole."""
    days = [day for day in (since, before) if day is not None]
    span = {"first": min(days), "until": max(days) if len(days) > 1 else None, "since": since}
    with connection.cursor() as cursor:
        cursor.execute(_MARK, span | {"accounts": lock_accounts(account_ids)})
        return int(cursor.rowcount)
