"""Granting offers, one or many: after the last approval, or without a person.

Runs in the transaction of the last approval, or in the one that proposes: either all
of it holds or none. The unique offer of a grant, the unique cap entry and the unique
posting key each make a second run a refusal instead of a second gift. Under a standing
approval no step is decided and nobody is named as having decided; the audit says under
which approval it was granted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import THE_PROGRAMME
from loyalty.core.people.models import User
from rewards.caps.verbs import spend
from rewards.ledger.issuing import issue_credits
from rewards.offers.models import Offer
from rewards.offers.rules import UNDO_WINDOW, OfferState

# An offer that somebody else moved on meanwhile is not among those that come back.
_APPROVE = f"""
WITH approved AS (
    UPDATE rewards_offer
    SET state = '{OfferState.APPROVED.value}', awaits = '{{}}', due_at = NULL, closed_at = %(now)s
    WHERE id = ANY (%(offers)s) AND state = '{OfferState.IN_APPROVAL.value}'
      AND (has_standing_approval OR NOT %(is_standing)s)
    RETURNING id, account_id, face_value, currency, validity_days, reward_id
), given AS (
    INSERT INTO rewards_grant (offer_id, account_id, face_value, currency, granted_at, expires_on, held_until)
    SELECT approved.id, approved.account_id, approved.face_value, approved.currency, %(now)s,
           (%(now)s AT TIME ZONE 'UTC')::date + approved.validity_days,
           CASE WHEN NOT (reward.is_credit OR %(is_standing)s) THEN %(held_until)s END
    FROM approved JOIN rewards_reward AS reward ON reward.id = approved.reward_id
    ORDER BY approved.id
    RETURNING id, offer_id
)
SELECT given.id, given.offer_id, reward.is_credit
FROM given JOIN approved ON approved.id = given.offer_id JOIN rewards_reward AS reward ON reward.id = approved.reward_id
ORDER BY given.id
"""

_AUDIT = f"""
INSERT INTO core_auditline (at, actor_id, actor_name, verb, object_type, object_id, object_label, after, reason)
SELECT %(now)s, %(actor)s, %(actor_name)s, '{AuditVerb.GRANT_ISSUED.value}', 'offer', offer.id::text,
       left(offer.reward_name || ' for ' || account.name, 300),
       jsonb_build_object('value', money_text(given.face_value, given.currency), 'expires on', given.expires_on),
       CASE WHEN %(is_standing)s THEN format(
           'Standing approval: all three functions approved version %%s of “%%s” before, and the offer is below'
           ' every threshold.', offer.campaign_version, campaign.name) ELSE '' END
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
    return _grant(offer_ids, now, None)


@transaction.atomic
def grant_approved(offers: Sequence[Offer], *, acting_user: User, now: datetime) -> None:
    """Grant offers whose last approval `acting_user` has just given; as `grant_under_standing_approval`.

    What stands on no books is held back for UNDO_WINDOW, in which the approval can be taken back (see `reopening`).
    The caller holds the locks of the offers. Raises DomainError when cap room was released before.
    """
    _grant([offer.pk for offer in offers], now, acting_user)
    for offer in offers:
        offer.state, offer.awaits, offer.due_at, offer.closed_at = OfferState.APPROVED.value, [], None, now


def _grant(offer_ids: Sequence[int], now: datetime, acting_user: User | None) -> int:
    if not offer_ids:
        return 0
    params: dict[str, Any] = {"offers": list(offer_ids), "now": now, "is_standing": acting_user is None}
    params |= {"actor": acting_user.pk if acting_user else None, "held_until": now + UNDO_WINDOW}
    params |= {"actor_name": acting_user.display_name if acting_user else THE_PROGRAMME}
    with connection.cursor() as cursor:
        cursor.execute(_APPROVE, params)
        given = cursor.fetchall()
    if not given:
        return 0
    spend(*(offer for _, offer, _ in given))
    with connection.cursor() as cursor:
        cursor.execute(_AUDIT, params | {"grants": [grant for grant, _, _ in given]})
    credits = [grant for grant, _, is_credit in given if is_credit]
    issue_credits(credits, booked_on=now.date(), acting_user=acting_user)
    return len(given)
