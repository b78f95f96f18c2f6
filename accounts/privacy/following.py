"""What higher floors do once a contact no longer consents.

A room registers in its app's `ready()`; it is called with the ids of contacts,
inside the transaction that withdraws, after the contacts were locked.
"""

from collections.abc import Callable, Sequence

Follower = Callable[[Sequence[int]], None]

_followers: dict[str, Follower] = {}


def follow_withdrawal(name: str, follower: Follower) -> None:
    """Be told of contacts who no longer consent."""
    _followers[name] = follower


def withdrawn(contact_ids: Sequence[int]) -> None:
    """Tell everybody who asked to be told."""
    for follower in _followers.values():
        follower(contact_ids)
