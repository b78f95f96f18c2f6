"""What happens to an offer once its decision is made. The caller holds the offer's row lock."""

from collections.abc import Sequence
from datetime import datetime

from loyalty.core.errors import DomainError
from rewards.caps.verbs import release
from rewards.offers.models import Offer
from rewards.offers.rules import OPEN_STATES, OfferAction, OfferState, next_state

MOVED = ["state", "awaits", "due_at", "closed_at"]


def move(offer: Offer, action: OfferAction, *, now: datetime) -> None:
    """Take the offer to its next state, or raise DomainError when the table has no such step."""
    step(offer, action, now)
    offer.save(update_fields=MOVED)


def step(offer: Offer, action: OfferAction, now: datetime) -> None:
    """As `move`, without saving MOVED."""
    state = next_state(OfferState(offer.state), action)
    if state is None:
        raise DomainError(
            f"This offer is {OfferState(offer.state).label}; it can no longer be changed by “{action.value}”."
        )
    offer.state = state.value
    if state in OPEN_STATES:
        offer.closed_at = None
    else:
        offer.awaits, offer.due_at, offer.closed_at = [], None, now


def stop_addressing(contact_ids: Sequence[int]) -> None:
    """Take contacts off the offers that are still being decided; what was granted keeps its story."""
    open_offers = Offer.objects.filter(contact_id__in=contact_ids, state__in=[s.value for s in OPEN_STATES])
    open_offers.update(contact=None)


def close_all(offers: Sequence[Offer], action: OfferAction, *, now: datetime) -> None:
    """End offers that are not granted, in a few statements: their reserved room is free again.

    Raises DomainError when one of them can no longer be ended so.
    """
    for offer in offers:
        step(offer, action, now)
    Offer.objects.bulk_update(offers, MOVED)
    release(*(offer.pk for offer in offers))
