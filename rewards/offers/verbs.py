"""What happens to an offer once its decision is made. The caller holds the offer's row lock."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.money import money
from loyalty.core.people.models import User
from rewards.caps.verbs import release, spend
from rewards.ledger.verbs import issue_credit
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import OPEN_STATES, OfferAction, OfferState, next_state


def move(offer: Offer, action: OfferAction, *, now: datetime) -> None:
    """Take the offer to its next state, or raise DomainError when the table has no such step."""
    state = next_state(OfferState(offer.state), action)
    if state is None:
        raise DomainError(
            f"This offer is {OfferState(offer.state).label}; it can no longer be changed by “{action.value}”."
        )
    offer.state = state.value
    if state not in (OfferState.PROPOSED, OfferState.IN_APPROVAL):
        offer.awaits, offer.due_at = [], None
        offer.closed_at = now
    offer.save(update_fields=["state", "awaits", "due_at", "closed_at"])


def grant(offer: Offer, *, acting_user: User, now: datetime) -> Grant:
    """Give the approved reward: cap room becomes spent, and a credit goes to the ledger.

    Runs in the transaction of the last approval: either all of it holds or none.
    The unique offer of a grant, the unique cap entry and the unique posting key
    each make a second run a refusal instead of a second gift.
    """
    move(offer, OfferAction.APPROVE, now=now)
    today = now.date()
    given = Grant.objects.create(
        offer=offer,
        account_id=offer.account_id,
        face_value=offer.face_value,
        currency=offer.currency,
        expires_on=today + timedelta(days=offer.validity_days),
    )
    spend(offer.pk)
    record(
        AuditVerb.GRANT_ISSUED,
        acting_user=acting_user,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        after={"value": money(offer.face_value, offer.currency), "expires on": given.expires_on.isoformat()},
    )
    if offer.reward.is_credit:
        issue_credit(given, booked_on=today, acting_user=acting_user)
    return given


def stop_addressing(contact_ids: Sequence[int]) -> None:
    """Take contacts off the offers that are still being decided; what was granted keeps its story."""
    open_offers = Offer.objects.filter(contact_id__in=contact_ids, state__in=[s.value for s in OPEN_STATES])
    open_offers.update(contact=None)


def close(offer: Offer, action: OfferAction, *, now: datetime) -> None:
    """End an offer that is not granted: its reserved room is free again."""
    move(offer, action, now=now)
    release(offer.pk)
