"""Recording which renewals were paid, and which of them are none any more.

A renewal is the invoice of a next term (`subscription_cycle`) of a subscription
that is billed by the year or longer: one that is billed by the month renews
nothing, it goes on. Paid is also what credit paid in whole.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

# A payment that is told later than this fires nothing: an import of last year's invoices makes no offers.
FIRES_UP_TO = timedelta(days=7)

_OF_ACCOUNTS = "(%(accounts)s::bigint[] IS NULL OR i.account_id = ANY (%(accounts)s::bigint[]))"

# Every refresh of facts asks: what is recorded already is passed over before its terms are looked up.
_DETECT = f"""
INSERT INTO accounts_renewal (invoice_id, account_id, paid_at, fires)
SELECT i.id, i.account_id, i.paid_at, i.paid_at >= %(fires_from)s
FROM accounts_invoice i
JOIN accounts_subscription s ON s.external_id = i.subscription_external_id AND s.account_id = i.account_id
CROSS JOIN LATERAL (
    SELECT t.billing_frequency FROM accounts_subscriptionterm t
    WHERE t.subscription_id = s.id AND t.from_day <= (i.paid_at AT TIME ZONE 'UTC')::date
    ORDER BY t.from_day DESC LIMIT 1
) AS term
WHERE i.status = 'paid' AND i.paid_at IS NOT NULL AND i.cause = 'subscription_cycle'
  AND term.billing_frequency IN ('annual', 'multi_year') AND {_OF_ACCOUNTS}
  AND NOT EXISTS (SELECT FROM accounts_renewal known WHERE known.invoice_id = i.id)
ORDER BY i.id
ON CONFLICT (invoice_id) DO NOTHING
"""

# Credit notes are counted as billing told them: those that are void took nothing back.
_WITHDRAW = f"""
UPDATE accounts_renewal AS kept SET withdrawn_at = %(now)s
FROM accounts_invoice i
WHERE i.id = kept.invoice_id AND kept.withdrawn_at IS NULL AND {_OF_ACCOUNTS}
  AND (i.status = 'void' OR i.paid > 0 AND i.paid <= (
      SELECT sum(c.amount) FROM accounts_billingcredit c
      WHERE c.invoice_external_id = i.external_id AND c.kind = 'credit_note' AND c.status = 'issued'))
"""


@transaction.atomic
def detect_renewals(account_ids: Sequence[int] | None, *, now: datetime | None = None) -> int:
    """Record the renewals of the accounts (None: all) that were paid or taken back; returns how many rows moved.

    Harmless when repeated. A renewal fires when its payment was within FIRES_UP_TO before `now` (UTC, default the
    present); one that was withdrawn stays so.
    """
    moment = now or timezone.now()
    parameters = {
        "accounts": list(account_ids) if account_ids is not None else None,
        "fires_from": moment - FIRES_UP_TO,
        "now": moment,
    }
    moved = 0
    with connection.cursor() as cursor:
        for statement in (_DETECT, _WITHDRAW):
            cursor.execute(statement, parameters)
            moved += int(cursor.rowcount)
    return moved


def follow_renewals(first_days: Mapping[int, date], last_day: date) -> None:
    """Record what was renewed at refreshed accounts, in the same transaction."""
    detect_renewals(list(first_days))
