"""What a higher room tells of referrals: the offers that they made."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OfferMade:
    """An offer that a referral made to the referrer: what, how it stands, and where to see it."""

    label: str
    state: str
    url: str


OffersMade = Mapping[int, list[OfferMade]]
Look = Callable[[Collection[int]], OffersMade]
_looks: list[Look] = []


def tell_offers(look: Look) -> None:
    """Let a room say which offers the referrals with these ids made."""
    if look not in _looks:
        _looks.append(look)


def offers_made(referral_ids: Collection[int]) -> OffersMade:
    """The offers by the referral's id; referrals without one are left out."""
    found: dict[int, list[OfferMade]] = {}
    for look in _looks:
        for referral, offers in look(referral_ids).items():
            found.setdefault(referral, []).extend(offers)
    return found
