"""Putting many granted credits on the books in one go, as `verbs.issue_credit` does it for one.

The postings have the same keys, lines and audit lines; a test holds the two together. They are written set by set,
with all that the tables check of a posting, and not by the function that posts one.
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

_GIVEN = """
SELECT lot.id, lot.account_id, lot.amount, lot.currency, 'issue:grant:' || lot.grant_id AS key,
       format('Credit of %%s granted, valid until %%s', money_text(lot.amount, lot.currency),
              to_char(lot.expires_on, 'FMDD Mon YYYY')) AS cause
FROM rewards_creditlot AS lot WHERE lot.grant_id = ANY (%(grants)s) ORDER BY lot.grant_id
"""

# All postings, then all lines, then all audit lines: what the tables themselves check is checked once for all.
_POST = f"""
WITH given AS MATERIALIZED ({_GIVEN}), posted AS (
    INSERT INTO rewards_posting (key, kind, booked_on, written_at, account_id, cause)
    SELECT key, '{PostingKind.ISSUE.value}', %(day)s, now(), account_id, cause FROM given
    ON CONFLICT (key) DO NOTHING
    RETURNING id, key
), lines AS (
    INSERT INTO rewards_postingline (posting_id, ledger_account_id, lot_id, amount, currency)
    SELECT posted.id, book.id, side.lot, side.amount, given.currency
    FROM posted JOIN given ON given.key = posted.key
    CROSS JOIN LATERAL (VALUES
        (1, '{Book.REWARD_COST.value}', NULL::bigint, given.amount),
        (2, '{Book.LIABILITY.value}', given.id, -given.amount)) AS side (place, book, lot, amount)
    JOIN rewards_ledgeraccount AS book ON book.code = side.book
    ORDER BY posted.id, side.place
)
INSERT INTO core_auditline (at, actor_id, actor_name, verb, object_type, object_id, object_label, after, reason)
SELECT now(), %(actor)s, %(actor_name)s, '{AuditVerb.LEDGER_POSTED.value}', 'posting', posted.id::text,
       left('{PostingKind.ISSUE.in_words} for ' || account.name, 300),
       jsonb_build_object(
           'key', posted.key, 'booked on', %(day)s::date,
           'lines', jsonb_build_array(
               format('{Book.LIABILITY.value} %%s %%s', -given.amount, given.currency),
               format('{Book.REWARD_COST.value} %%s %%s', given.amount, given.currency))),
       given.cause
FROM posted JOIN given ON given.key = posted.key
JOIN accounts_account AS account ON account.id = given.account_id
ORDER BY posted.id
"""

# What stands already must be the very same.
_COMPARE = f"""
SELECT count(*) FROM ({_GIVEN}) AS given
CROSS JOIN LATERAL ledger_standing(
    given.key, '{PostingKind.ISSUE.value}', %(day)s, given.account_id, NULL,
    jsonb_build_array(
        jsonb_build_object('book', '{Book.REWARD_COST.value}', 'lot', NULL, 'amount', given.amount,
                           'currency', given.currency),
        jsonb_build_object('book', '{Book.LIABILITY.value}', 'lot', given.id, 'amount', -given.amount,
                           'currency', given.currency))) AS standing
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
        written = int(cursor.rowcount)
        if written < len(set(grant_ids)):
            cursor.execute(_COMPARE, params)
    return written
