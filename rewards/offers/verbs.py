"""What happens to an offer once its decision is made. The caller holds the offer's row lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.privacy.queries import consenting_ids
from accounts.privacy.verbs import lock_contacts
from loyalty.core.errors import DomainError
from rewards.caps.verbs import release
from rewards.offers.models import Offer
from rewards.offers.rules import OPEN_STATES, OfferAction, OfferState, next_state

MOVED = ["state", "awaits", "due_at", "closed_at"]
_NOT_GONE = [state.value for state in (*OPEN_STATES, OfferState.APPROVED)]


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
    """Take contacts off the offers that have not reached anybody; what was delivered keeps its story."""
    theirs = Offer.objects.filter(Q(contact_id__in=contact_ids) | Q(informed_id__in=contact_ids), state__in=_NOT_GONE)
    # In the order of their ids, for contacts who withdraw at the same time share offers.
    held = list(theirs.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    Offer.objects.filter(pk__in=held, contact_id__in=contact_ids).update(contact=None)
    Offer.objects.filter(pk__in=held, informed_id__in=contact_ids).update(informed=None)


def hold_addressee(**offer: Any) -> None:
    """Lock whom the offer is addressed to, before its own row: whoever withdraws consent locks in that order."""
    lock_contacts(Offer.objects.filter(**offer, contact__isnull=False).values_list("contact_id", flat=True))


def address_only_the_willing(offer: Offer) -> None:
    """Take off the offer, which is about to go out, whom it must not reach: consent may have gone meanwhile."""
    willing = consenting_ids(pk for pk in (offer.contact_id, offer.informed_id) if pk)
    if offer.contact_id not in willing:
        offer.contact = None
    if offer.informed_id not in willing:
        offer.informed = None


def close_all(offers: Sequence[Offer], action: OfferAction, *, now: datetime) -> None:
    """End offers that are not granted, in a few statements: their reserved room is free again.

    Raises DomainError when one of them can no longer be ended so.
    """
    for offer in offers:
        step(offer, action, now)
    Offer.objects.bulk_update(offers, MOVED)
    release(*(offer.pk for offer in offers))
