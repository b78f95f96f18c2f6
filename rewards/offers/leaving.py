"""What becomes of the offers that somebody who leaves had in their book."""

from django.db.models import QuerySet

from loyalty.core.people.leaving import HandOver
from loyalty.core.people.models import User
from rewards.offers.models import OPEN, Offer


def _theirs(person_id: int) -> QuerySet[Offer]:
    return Offer.objects.filter(OPEN, assigned_to=person_id)


def _give(person: User, to: User | None) -> int:
    """Put the person's undecided offers in the book of somebody else, or of nobody; returns how many."""
    return _theirs(person.pk).update(assigned_to=to)


UNDECIDED = HandOver(_theirs, _give)
