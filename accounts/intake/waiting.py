"""What was refused because nobody knew whom or what it is about goes in by itself once they are known.

Senders promise no order: an event may come before its account or its contact, a
ticket before its account, a rating before its ticket, and a bill before its
customer. Invariant: what was
sent in any order is in the end what it would have been in the right one.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.intake.models import RefusedItem
from accounts.intake.moving import move_events
from accounts.intake.placing import place_contacts
from accounts.intake.replaying import try_again, why_not
from accounts.intake.rules import Awaited

# So many of the newest that wait are looked at when anything comes in; all of them are at night.
LOOKED_AT = 2_000
AT_ONCE = 200
# What is refused for another reason too is not tried over and over: this is the least time between two tries,
# which grows with how long it has waited. What a person tried says nothing of how often it was in vain by itself.
TRIED_EVERY = timedelta(minutes=10)


def _is_there(table: str, condition: str = "") -> str:
    """Whether the table has a row of the awaited id."""
    return f"EXISTS (SELECT FROM {table} AS known WHERE known.external_id = item.waits_for {condition} OFFSET 0)"


def _is_a_contact(placed: str = "") -> str:
    """Whether a contact has the awaited id, or had it before an alias call; `placed` is a further condition on them."""
    return f"""{_is_there("accounts_contact", placed)}
        OR EXISTS (SELECT FROM accounts_profilecall AS alias
                   LEFT JOIN accounts_contact AS present ON present.id = alias.contact_id
                   JOIN accounts_contact AS known
                     ON known.external_id = coalesce(present.external_id, alias.payload ->> 'userId')
                   WHERE alias.call = 'alias' AND alias.payload ->> 'previousId' = item.waits_for {placed} OFFSET 0)"""


def _known_by_now(of_these: str) -> str:
    """The statement that locks 200 at most, the first first, of those items whose awaited one is known by now.

    They are looked up one by one (OFFSET 0): else all contacts would be read for the sake of a few.
    """
    return f"""
SELECT id FROM accounts_refuseditem WHERE id IN (
    SELECT item.id FROM (
        SELECT id, source_id, waits_for, waits_as FROM accounts_refuseditem
        WHERE went_in_at IS NULL AND waits_for <> '' AND (
            retried_at IS NULL
            OR retried_at + CASE WHEN retried_by_id IS NULL THEN greatest(retried_at - received_at, %(pause)s)
                                 ELSE %(pause)s END < %(now)s)
        {of_these}
    ) AS item
    WHERE CASE item.waits_as
          WHEN '{Awaited.CONTACT}' THEN {_is_a_contact()}
          WHEN '{Awaited.TICKET}' THEN {_is_there("accounts_ticket")}
          WHEN '{Awaited.FEEDBACK}' THEN {_is_there("accounts_feedbackscore")}
          WHEN '{Awaited.PLACED}' THEN {_is_a_contact("AND known.account_id IS NOT NULL")}
          ELSE {_is_there("accounts_account")}
               OR EXISTS (SELECT FROM accounts_billingcustomer AS customer
                          WHERE customer.source_id = item.source_id AND customer.external_id = item.waits_for OFFSET 0)
          END
    ORDER BY item.id LIMIT %(at_once)s)
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""


_OF_NEWEST = _known_by_now("ORDER BY id DESC LIMIT %(looked_at)s")
_OF_LATER = _known_by_now("AND id > %(after)s")


def take_in_all_waiting(*, now: datetime) -> int:
    """Look at everything that waits; returns how many items went in. Each handful is a transaction."""
    total = 0
    # Whoever went in may be whom others wait for: those are looked at again.
    while went_in := _once_through(now):
        total += went_in
    while move_events():
        pass
    return total


def take_in_waiting(*, now: datetime) -> list[bool]:
    """Send 200 items at most again of whom it is known by now whom they are about; tells of each if it went in.

    Before that, contacts are put at the accounts that have become known. Items
    are tried one by one, in the order in which they came; what another worker
    has at hand is left to it.
    """
    place_contacts(looked_at=LOOKED_AT)
    move_events()
    tried = _try(_OF_NEWEST, now, {"looked_at": LOOKED_AT})
    return [item.went_in_at is not None for item in tried]


def _once_through(now: datetime) -> int:
    place_contacts(looked_at=None)
    went_in = after = 0
    while tried := _try(_OF_LATER, now, {"after": after}):
        went_in += sum(item.went_in_at is not None for item in tried)
        after = tried[-1].pk
    return went_in


@transaction.atomic
def _try(statement: str, now: datetime, parameters: dict[str, Any]) -> list[RefusedItem]:
    """Send the items that the statement finds again; returns them in the order in which they came."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters | {"now": now, "pause": TRIED_EVERY, "at_once": AT_ONCE})
        ids = [item for (item,) in cursor.fetchall()]
    items = list(RefusedItem.objects.select_related("batch", "source").filter(pk__in=ids).order_by("pk")) if ids else []
    for item in items:
        if why_not(item):
            item.retried_at = now
            item.save(update_fields=["retried_at"])
        else:
            try_again(item, None)
    return items
