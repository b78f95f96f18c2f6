"""A price shared out among what was promised for it, by stand-alone selling prices (IFRS 15.76, ASC 606-10-32-31)."""

from collections.abc import Sequence
from decimal import Decimal


def allocate(price: Decimal, alone: Sequence[Decimal]) -> list[Decimal]:
    """The part of `price` of each promise, not rounded; `alone` are the prices at which each would be sold alone.

    Raises ValueError unless the prices sum to more than zero. The parts sum to the price but for the
    28th digit: round what is posted, once.
    """
    total = sum(alone, Decimal(0))
    if total <= 0:
        raise ValueError("The stand-alone selling prices sum to nothing.")
    return [price * each / total for each in alone]
