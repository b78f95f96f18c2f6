"""Granting without a person: offers of campaigns that all three functions approved, below every threshold.

What `verbs.grant` does for one offer and its last approver is done here for many
at once, in the transaction that proposes them. No step is decided and nobody is
named as having decided; the audit says under which approval they were granted.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import THE_PROGRAMME
from rewards.ledger.issuing import issue_credits
from rewards.offers.rules import OfferState

# An offer that somebody else moved on meanwhile is not among those that come back.
_APPROVE = f"""
WITH approved AS (
    UPDATE rewards_offer
    SET state = '{OfferState.APPROVED.value}', awaits = '{{}}', due_at = NULL, closed_at = %(now)s
    WHERE id = ANY (%(offers)s) AND state = '{OfferState.IN_APPROVAL.value}' AND has_standing_approval
    RETURNING id, account_id, face_value, currency, validity_days, reward_id
), given AS (
    INSERT INTO rewards_grant (offer_id, account_id, face_value, currency, granted_at, expires_on)
    SELECT id, account_id, face_value, currency, %(now)s, (%(now)s AT TIME ZONE 'UTC')::date + validity_days
    FROM approved ORDER BY id
    RETURNING id, offer_id
)
SELECT given.id, given.offer_id, reward.is_credit
FROM given JOIN approved ON approved.id = given.offer_id JOIN rewards_reward AS reward ON reward.id = approved.reward_id
ORDER BY given.id
"""

_AUDIT = f"""
INSERT INTO core_auditline (at, actor_name, verb, object_type, object_id, object_label, after, reason)
SELECT %(now)s, '{THE_PROGRAMME}', '{AuditVerb.GRANT_ISSUED.value}', 'offer', offer.id::text,
       left(offer.reward_name || ' for ' || account.name, 300),
       jsonb_build_object('value', money_text(given.face_value, given.currency), 'expires on', given.expires_on),
       format('Standing approval: all three functions approved version %%s of “%%s” before, and the offer is below'
              ' every threshold.', offer.campaign_version, campaign.name)
FROM rewards_grant AS given
JOIN rewards_offer AS offer ON offer.id = given.offer_id
JOIN rewards_campaign AS campaign ON campaign.id = offer.campaign_id
JOIN accounts_account AS account ON account.id = given.account_id
WHERE given.id = ANY (%(grants)s)
ORDER BY given.id
"""


@transaction.atomic
def grant_under_standing_approval(offer_ids: Sequence[int], *, now: datetime) -> int:
    """Grant those of the offers that have a standing approval and are still undecided; returns how many.

    Cap room becomes spent, and credits go to the ledger, booked on the day of `now`
    in UTC. Twice is once.
    """
    if not offer_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_APPROVE, {"offers": list(offer_ids), "now": now})
        given = cursor.fetchall()
        if not given:
            return 0
        cursor.execute("SELECT caps_settle(%s::bigint[], 'spend')", [[offer for _, offer, _ in given]])
        cursor.execute(_AUDIT, {"now": now, "grants": [grant for grant, _, _ in given]})
    issue_credits([grant for grant, _, is_credit in given if is_credit], booked_on=now.date())
    return len(given)
