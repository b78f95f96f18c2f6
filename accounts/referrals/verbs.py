"""Recording which referrals converted.

The first invoice counts on which money was paid: one of nothing, as a trial
makes it, is no payment. A payment that was given back later stays a payment.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

# A payment that is told later than this fires nothing: an import of last year's invoices makes no offers.
FIRES_UP_TO = timedelta(days=7)

_DETECT = """
INSERT INTO accounts_referral AS kept (referred_id, referrer_id, invoice_id, converted_at, fires)
SELECT a.id, r.id, i.id, i.paid_at, i.paid_at >= %(fires_from)s
FROM accounts_account a
JOIN accounts_account r ON r.external_id = a.referred_by AND r.id <> a.id
CROSS JOIN LATERAL (
    SELECT i.id, i.paid_at FROM accounts_invoice i
    WHERE i.account_id = a.id AND i.status = 'paid' AND i.paid > 0 AND i.paid_at IS NOT NULL
    ORDER BY i.paid_at, i.id LIMIT 1
) AS i
WHERE a.referred_by <> ''
  AND (%(accounts)s::bigint[] IS NULL OR a.id = ANY (%(accounts)s::bigint[]) OR r.id = ANY (%(accounts)s::bigint[]))
ORDER BY a.id
ON CONFLICT (referred_id) DO UPDATE
SET referrer_id = excluded.referrer_id, invoice_id = excluded.invoice_id, converted_at = excluded.converted_at
WHERE (kept.referrer_id, kept.invoice_id, kept.converted_at)
    IS DISTINCT FROM (excluded.referrer_id, excluded.invoice_id, excluded.converted_at)
"""


@transaction.atomic
def detect_referrals(account_ids: Sequence[int] | None, *, now: datetime | None = None) -> int:
    """Record the referrals from or to the accounts (None: all) that converted; returns how many rows were written.

    Harmless when repeated. A referral fires when its payment was within FIRES_UP_TO before `now` (UTC,
    default the present); what is corrected later corrects the row, never whether it fires.
    """
    parameters = {
        "accounts": list(account_ids) if account_ids is not None else None,
        "fires_from": (now or timezone.now()) - FIRES_UP_TO,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DETECT, parameters)
        return int(cursor.rowcount)


def follow_referrals(first_days: Mapping[int, date], last_day: date) -> None:
    """Record what converted at refreshed accounts, in the same transaction."""
    detect_referrals(list(first_days))
