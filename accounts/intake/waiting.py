"""What was refused because nobody knew whom it is about goes in by itself once they are known.

Senders promise no order: an event may come before its account, and a bill before
its customer. Invariant: what was sent in any order is in the end what it would
have been in the right one.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts.intake.models import RefusedItem
from accounts.intake.replaying import try_again, why_not

# So many of the newest that wait are looked at when anything comes in; all of them are at night.
LOOKED_AT = 2_000
AT_ONCE = 200
# What is refused for another reason too is not tried over and over.
TRIED_EVERY = timedelta(minutes=10)

_KNOWN_BY_NOW = """
SELECT id FROM accounts_refuseditem WHERE id IN (
    SELECT item.id FROM (
        SELECT id, source_id, waits_for FROM accounts_refuseditem
        WHERE went_in_at IS NULL AND waits_for <> '' AND (retried_at IS NULL OR retried_at < %(tried_before)s)
        ORDER BY id DESC LIMIT %(looked_at)s
    ) AS item
    WHERE EXISTS (SELECT FROM accounts_account AS account WHERE account.external_id = item.waits_for)
       OR EXISTS (SELECT FROM accounts_billingcustomer AS customer
                  WHERE customer.source_id = item.source_id AND customer.external_id = item.waits_for)
    ORDER BY item.id LIMIT %(at_once)s)
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""


def take_in_all_waiting(*, now: datetime) -> int:
    """Look at everything that waits; returns how many items went in. Each handful is a transaction."""
    total = 0
    while tried := take_in_waiting(now=now, looked_at=None):
        total += sum(tried)
    return total


@transaction.atomic
def take_in_waiting(*, now: datetime, looked_at: int | None = LOOKED_AT) -> list[bool]:
    """Send 200 items at most again whose account or customer of billing is known by now; tells of each if it went in.

    They are tried one by one, in the order in which they came; what another worker has at hand is left to it.
    """
    parameters = {"tried_before": now - TRIED_EVERY, "looked_at": looked_at, "at_once": AT_ONCE}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN_BY_NOW, parameters)
        ids = [item for (item,) in cursor.fetchall()]
    items = list(RefusedItem.objects.select_related("batch", "source").filter(pk__in=ids).order_by("pk")) if ids else []
    for item in items:
        if why_not(item):
            item.retried_at = now
            item.save(update_fields=["retried_at"])
        else:
            try_again(item, None)
    return [item.went_in_at is not None for item in items]
