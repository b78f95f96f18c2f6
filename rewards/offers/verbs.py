"""What happens to an offer once its decision is made. The caller holds the offer's row lock."""

from collections.abc import Sequence
from datetime import UTC, datetime

from loyalty.core.errors import DomainError
from rewards.caps.askers import asker_of
from rewards.caps.room import room_together
from rewards.caps.rules import ReserveRequest
from rewards.caps.verbs import release, reserve
from rewards.catalogue.rules import Delivery
from rewards.catalogue.supply import supply_left
from rewards.offers.models import Offer
from rewards.offers.rules import OPEN_STATES, OfferAction, OfferState, next_state

MOVED = ["state", "awaits", "due_at", "closed_at"]


def move(offer: Offer, action: OfferAction, *, now: datetime) -> None:
    """Take the offer to its next state, or raise DomainError when the table has no such step."""
    _step(offer, action, now)
    offer.save(update_fields=MOVED)


def _step(offer: Offer, action: OfferAction, now: datetime) -> None:
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
        _step(offer, action, now)
    Offer.objects.bulk_update(offers, MOVED)
    release(*(offer.pk for offer in offers))


def hold_supply(offer_id: int) -> None:
    """Hold the supply of the reward of an offer that is to be reopened; called before its row is locked.

    Whoever proposes takes the supply before any offer, so this does too.
    """
    supply_left(Offer.objects.filter(pk=offer_id).values_list("reward_id", flat=True))


def reopen(offer: Offer, *, now: datetime) -> None:
    """Take a rejection back: the offer is undecided again, and takes of supply and caps what the rejection gave back.

    Cap room of the day (UTC) on which it was proposed, as an offer always does. The caller has
    called `hold_supply`, and sets whom it awaits. Raises DomainError when there is no room any more, when it would
    pass a soft cap that it did not pass before, or when the caps are others meanwhile.
    """
    if supply_left([offer.reward_id]).get(offer.reward_id, 1) < 1:
        raise DomainError(f"The supply of “{offer.reward_name}” went to others meanwhile. Nothing was changed.")
    held = offer.cap_entries.exists()
    day = offer.proposed_at.astimezone(UTC).date()
    asker = asker_of(offer.account_id, day)
    request = ReserveRequest(
        offer_id=offer.pk,
        account_id=offer.account_id,
        campaign_id=offer.campaign_id,
        function=offer.campaign.owner_function,
        reward_kind=offer.reward.kind,
        amount=offer.discount_equivalent,
        day=day,
        reward_id=offer.reward_id,
        is_by_hand=offer.reward.delivery == Delivery.BY_HAND.value,
        tier=asker.tier,
        segment=asker.segment,
        term=asker.term,
    )
    result = reserve([request])[offer.pk]
    if not result.ok:
        raise DomainError(f"Its room went to others meanwhile. {result.reason} Nothing was changed.")
    if newly := set(_names(result.exceeded)) - set(_names(offer.exceeded_caps)):
        names = " and ".join(f"“{name}”" for name in sorted(newly))
        raise DomainError(f"Its room went to others meanwhile: it would pass {names} now. Nothing was changed.")
    if held and not room_together([offer.pk]):
        raise DomainError("The caps that it was under are others now. Nothing was changed.")
    _step(offer, OfferAction.UNDO, now)


def _names(exceeded: str) -> list[str]:
    return [name for name in exceeded.split(", ") if name]
