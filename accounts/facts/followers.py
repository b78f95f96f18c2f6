"""What higher rooms work out from facts in the transaction that refreshed them, such as segments.

A dirty mark goes away with the refresh that served it, so whatever follows from
the new facts has to stand in the same transaction. The nightly run refreshes
without followers and takes them as steps of their own, in the same order.
"""

from collections.abc import Callable, Mapping
from datetime import date

Follow = Callable[[Mapping[int, date], date], None]
"""Called with account id → first refreshed day (UTC), and the last refreshed day; the accounts are locked."""

_followers: dict[str, Follow] = {}


def add_follower(name: str, follow: Follow) -> None:
    """Let a room follow refreshed facts; rooms follow in the order in which they were added."""
    _followers[name] = follow


def follow_all(first_days: Mapping[int, date], last_day: date) -> None:
    """Call every follower, in order; nothing for no accounts."""
    if first_days:
        for follow in _followers.values():
            follow(first_days, last_day)
