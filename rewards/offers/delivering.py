"""What higher rooms have to say when a reward is about to reach the customer.

A room registers in its app's `ready()`: why the delivery has to wait, and what it
keeps of one that happened. Both run in the transaction that delivers, with the
offer's row locked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from loyalty.core.errors import DomainError
from rewards.offers.models import Offer


@dataclass(frozen=True)
class Watch:
    """`waits_for(offer, day)` says in a sentence why it cannot go out yet, "" when it can; `note` keeps that it did."""

    name: str
    waits_for: Callable[[Offer, date], str]
    note: Callable[[Offer, date], None]


_watches: dict[str, Watch] = {}


def add_watch(watch: Watch) -> None:
    """Let a room watch deliveries, once, when the app is ready."""
    _watches[watch.name] = watch


def check_may_go(offer: Offer, day: date) -> None:
    """Raise DomainError with the first reason why the offer has to wait. `day` is in UTC."""
    for watch in _watches.values():
        if reason := watch.waits_for(offer, day):
            raise DomainError(reason)


def note_gone(offer: Offer, day: date) -> None:
    """Tell every room that the offer reached the customer on this day (UTC)."""
    for watch in _watches.values():
        watch.note(offer, day)
