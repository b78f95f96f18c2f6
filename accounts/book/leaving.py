"""What becomes of the book of accounts of somebody who leaves."""

from accounts.records.models import Account
from loyalty.core.people.models import User


def hand_over_book(person: User, to: User | None) -> int:
    """Give the person's accounts to somebody else, or to nobody; returns how many."""
    return Account.objects.filter(cs_manager=person).update(cs_manager=to)
