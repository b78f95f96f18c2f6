"""Putting many granted credits on the books in one go, as `verbs.issue_credit` does it for one.

The postings have the same keys, lines and audit lines; a test holds the two together.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import THE_PROGRAMME
from loyalty.core.people.models import User
from rewards.ledger.rules import Book, PostingKind
from rewards.ledger.writing import refusals_in_words

# Grants stand on a higher floor; here they are only a table.
_LOTS = """
INSERT INTO rewards_creditlot (account_id, grant_id, amount, currency, issued_on, expires_on)
SELECT given.account_id, given.id, given.face_value, given.currency, %(day)s, given.expires_on
FROM rewards_grant AS given WHERE given.id = ANY (%(grants)s)
ORDER BY given.id
ON CONFLICT (grant_id) DO NOTHING
"""

_POST = f"""
WITH posted AS MATERIALIZED (
    SELECT given.account_id, given.amount, given.currency, given.key, given.cause, post.posted, post.is_new
    FROM (
        SELECT lot.id, lot.account_id, lot.amount, lot.currency, 'issue:grant:' || lot.grant_id AS key,
               format('Credit of %%s granted, valid until %%s', money_text(lot.amount, lot.currency),
                      to_char(lot.expires_on, 'FMDD Mon YYYY')) AS cause
        FROM rewards_creditlot AS lot WHERE lot.grant_id = ANY (%(grants)s) ORDER BY lot.grant_id
    ) AS given
    CROSS JOIN LATERAL ledger_post(
        given.key, '{PostingKind.ISSUE.value}', %(day)s, given.account_id, given.cause, NULL,
        jsonb_build_array(
            jsonb_build_object('book', '{Book.REWARD_COST.value}', 'lot', NULL, 'amount', given.amount,
                               'currency', given.currency),
            jsonb_build_object('book', '{Book.LIABILITY.value}', 'lot', given.id, 'amount', -given.amount,
                               'currency', given.currency))) AS post
)
INSERT INTO core_auditline (at, actor_id, actor_name, verb, object_type, object_id, object_label, after, reason)
SELECT now(), %(actor)s, %(actor_name)s, '{AuditVerb.LEDGER_POSTED.value}', 'posting', posted.posted::text,
       left('{PostingKind.ISSUE.in_words} for ' || account.name, 300),
       jsonb_build_object(
           'key', posted.key, 'booked on', %(day)s::date,
           'lines', jsonb_build_array(
               format('{Book.LIABILITY.value} %%s %%s', -posted.amount, posted.currency),
               format('{Book.REWARD_COST.value} %%s %%s', posted.amount, posted.currency))),
       posted.cause
FROM posted JOIN accounts_account AS account ON account.id = posted.account_id
WHERE posted.is_new
ORDER BY posted.posted
"""


@transaction.atomic
def issue_credits(grant_ids: Sequence[int], *, booked_on: date, acting_user: User | None) -> int:
    """Put the credits of these grants on the books; returns how many postings are new.

    Twice is once. `booked_on` is a day in UTC; without an `acting_user` the programme itself does it.
    The caller names grants of credits only. Raises DomainError, and writes nothing, when the day lies in a
    closed month, or a grant is on the books with other content.
    """
    if not grant_ids:
        return 0
    params: dict[str, Any] = {"grants": list(grant_ids), "day": booked_on}
    params |= {"actor": acting_user.pk if acting_user else None}
    params |= {"actor_name": acting_user.display_name if acting_user else THE_PROGRAMME}
    with refusals_in_words(), connection.cursor() as cursor:
        cursor.execute(_LOTS, params)
        cursor.execute(_POST, params)
        return int(cursor.rowcount)
