"""Credits whose last day has passed, taken off the books at night.

A credit can be used until the midnight that ends its last day in the customer's own time zone (the company's, when
nobody told theirs). The first night that begins after that instant, at 00:00 UTC, takes what is left off the books.
"""

from datetime import date

from django.db.models import Q, Sum

from accounts.records.days import day_of_account, midnight
from rewards.ledger.models import CreditLot
from rewards.ledger.rules import Book
from rewards.ledger.verbs import expire_lot


def expire_credits(day: date) -> int:
    """Expire what is left of every lot whose last day was over when `day` (UTC) began; returns how many lots that were.

    Each lot is a transaction of its own, booked on `day`. Harmless to repeat and to share.
    """
    owed = Sum("lines__amount", filter=Q(lines__ledger_account__code=Book.LIABILITY.value))
    over = CreditLot.objects.filter(expires_on__lt=day_of_account(midnight(day)))
    due = over.annotate(owed=owed).filter(owed__lt=0).order_by("expires_on", "pk")
    return sum(expire_lot(lot, booked_on=day, acting_user=None) is not None for lot in due.values_list("pk", flat=True))
