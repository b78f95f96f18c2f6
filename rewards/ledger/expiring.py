"""Credits whose last day has passed, taken off the books at night."""

from datetime import date

from django.db.models import Q, Sum

from rewards.ledger.models import CreditLot
from rewards.ledger.rules import Book
from rewards.ledger.verbs import expire_lot


def expire_credits(day: date) -> int:
    """Expire what is left of every lot whose last day lies before `day` (UTC); returns how many lots that were.

    Each lot is a transaction of its own, booked on `day`. Harmless to repeat and to share.
    """
    owed = Sum("lines__amount", filter=Q(lines__ledger_account__code=Book.LIABILITY.value))
    due = CreditLot.objects.filter(expires_on__lt=day).annotate(owed=owed).filter(owed__lt=0)
    lots = list(due.order_by("expires_on", "pk").values_list("pk", flat=True))
    return sum(expire_lot(lot, booked_on=day, acting_user=None) is not None for lot in lots)
