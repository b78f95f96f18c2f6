"""What becomes of the book of accounts of somebody who leaves."""

from django.db.models import QuerySet

from accounts.records.models import Account
from loyalty.core.people.leaving import HandOver
from loyalty.core.people.models import User


def _theirs(person_id: int) -> QuerySet[Account]:
    return Account.objects.filter(cs_manager=person_id)


def _give(person: User, to: User | None) -> int:
    """Give the person's accounts to somebody else, or to nobody; returns how many."""
    return _theirs(person.pk).update(cs_manager=to)


BOOK = HandOver(_theirs, _give)
