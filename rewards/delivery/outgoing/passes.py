"""Telling that rewards which stand on no books have passed their last day: a pass has to be switched off."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts.records.days import midnight

# What a missed night, or a few, did not tell is told by the next; older passes are history.
LATELY_DAYS = 14

_TELL = """
WITH ended AS (
    SELECT given.id, given.account_id, given.offer_id, given.expires_on, account.external_id
    FROM rewards_grant AS given
    JOIN accounts_account AS account ON account.id = given.account_id
    WHERE given.expires_on < timezone(coalesce(nullif(account.time_zone, ''), %(company_zone)s), %(began)s)::date
      AND given.expires_on >= %(day)s::date - %(lately)s
      AND NOT EXISTS (SELECT FROM rewards_creditlot AS lot WHERE lot.grant_id = given.id)
      AND NOT EXISTS (SELECT FROM rewards_outgoingevent AS told WHERE told.key = 'grant.expired:pass:' || given.id)
)
SELECT count(*), outbox_put('grant.expired', jsonb_agg(jsonb_build_object(
    'key', 'grant.expired:pass:' || ended.id, 'account', ended.account_id, 'at', now(),
    'data', jsonb_build_object(
        'account', ended.external_id, 'grant', ended.id, 'offer', ended.offer_id,
        'reward', outbox_reward(ended.offer_id), 'expired_after', ended.expires_on))))
FROM ended WHERE outbox_wants('grant.expired') HAVING count(*) > 0
"""


@transaction.atomic
def tell_expired(day: date) -> int:
    """Put the passes whose last day was over where the customer is when `day` (UTC) began into the outbox.

    Returns how many. Twice is once.
    """
    about: dict[str, Any] = {
        "day": day,
        "began": midnight(day),
        "company_zone": settings.COMPANY_TIME_ZONE,
        "lately": LATELY_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TELL, about)
        row = cursor.fetchone()
    return int(row[0]) if row else 0
