"""What becomes of the offers that somebody who leaves had in their book."""

from loyalty.core.people.models import User
from rewards.offers.models import OPEN, Offer


def hand_over_offers(person: User, to: User | None) -> int:
    """Put the person's undecided offers in the book of somebody else, or of nobody; returns how many."""
    return Offer.objects.filter(OPEN, assigned_to=person).update(assigned_to=to)
