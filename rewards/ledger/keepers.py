"""What higher rooms have to say when Finance reverses a posting.

A room registers in its app's `ready()`. Within the transaction of the reversal each first locks what it will
change, so before the account is locked, as everywhere else; says why the posting has to stay, if it has to;
and follows once the reversal is booked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from loyalty.core.people.models import User
from rewards.ledger.models import Posting


@dataclass(frozen=True)
class Keeper:
    """`keeps(posting)` says in a sentence why it cannot be reversed, "" when it can."""

    name: str
    hold: Callable[[Posting], None] | None = None
    keeps: Callable[[Posting], str] | None = None
    follow: Callable[[Posting, str, User], None] | None = None


_keepers: dict[str, Keeper] = {}


def add_keeper(keeper: Keeper) -> None:
    """Let a room look at reversals, once, when the app is ready."""
    _keepers[keeper.name] = keeper


def hold(posting: Posting) -> None:
    """Lock what the rooms will change."""
    for keeper in _keepers.values():
        if keeper.hold:
            keeper.hold(posting)


def why_kept(posting: Posting) -> str:
    """The first reason of a room why the posting has to stay; "" when no room has one."""
    reasons = (keeper.keeps(posting) for keeper in _keepers.values() if keeper.keeps)
    return next(filter(None, reasons), "")


def tell_reversed(posting: Posting, reason: str, user: User) -> None:
    """Let every room follow the reversal of this posting by a person."""
    for keeper in _keepers.values():
        if keeper.follow:
            keeper.follow(posting, reason, user)
