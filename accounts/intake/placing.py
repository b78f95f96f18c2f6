"""Putting contacts at the account that a call named before anybody knew it.

Such a call is taken in at once, for what it says of the contact; what it says
of where they are waits for the account. Invariant: a contact is where the newest
call placed them, whenever its account became known.
"""

from django.db import connection, transaction

_LATE = """
SELECT p.id, p.contact_id, p.occurred_at, p.message_id, a.id AS account_id
FROM (SELECT id, contact_id, occurred_at, message_id, waits_for FROM accounts_profilecall
      WHERE waits_for <> '' ORDER BY id DESC LIMIT %(looked_at)s) AS p
JOIN accounts_account a ON a.external_id = p.waits_for
"""
_LOCK = f"""
SELECT id FROM accounts_contact WHERE id IN (SELECT contact_id FROM ({_LATE}) AS late)
ORDER BY id FOR NO KEY UPDATE
"""
_PLACE = f"""
WITH late AS MATERIALIZED ({_LATE}),
told AS (
    UPDATE accounts_profilecall p SET account_id = late.account_id, waits_for = '' FROM late WHERE p.id = late.id
)
UPDATE accounts_contact c SET account_id = newest.account_id, placed_at = newest.occurred_at
FROM (SELECT DISTINCT ON (contact_id) contact_id, account_id, occurred_at FROM late
      ORDER BY contact_id, occurred_at DESC, message_id DESC) AS newest
WHERE c.id = newest.contact_id AND (c.placed_at IS NULL OR newest.occurred_at >= c.placed_at)
"""


@transaction.atomic
def place_contacts(*, looked_at: int | None) -> None:
    """Place whom the newest waiting calls, so many or for None all, put at accounts that are known by now."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"looked_at": looked_at})
        cursor.execute(_PLACE, {"looked_at": looked_at})
