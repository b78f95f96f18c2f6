"""Holding offers while they are changed, always in the order of their ids."""

from collections.abc import Sequence

from loyalty.core.errors import DomainError
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState


def locked(offer_ids: Sequence[int]) -> list[Offer]:
    """The offers, held until the transaction ends; raises DomainError when there is none."""
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("account", "campaign", "reward")
    found = list(rows.filter(pk__in=offer_ids).order_by("pk"))
    if not found:
        raise DomainError("Choose at least one offer.")
    return found


def check_undecided(offer: Offer) -> None:
    """Raise DomainError once the offer is decided or ended."""
    if offer.state != OfferState.IN_APPROVAL.value:
        raise DomainError(f"{offer} is {OfferState(offer.state).label}. Nothing was changed.")
