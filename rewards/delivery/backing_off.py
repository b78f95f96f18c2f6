"""How long to leave another system alone after it failed. Pure."""

from collections.abc import Sequence
from datetime import timedelta


def wait_after(
    tries: int, waits: Sequence[timedelta], *, asked: timedelta | None, at_most: timedelta
) -> timedelta | None:
    """The wait of `waits` after so many failed tries, or as long as the other asked, but `at_most` that much then.

    None when there are no more tries.
    """
    if tries > len(waits):
        return None
    return max(waits[max(tries, 1) - 1], min(asked or timedelta(), at_most))
