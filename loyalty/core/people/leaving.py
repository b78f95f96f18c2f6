"""What rooms do when somebody leaves: what was theirs to do is handed to somebody else, or back to the function.

The ground lists nobody's work; a room registers in its app's `ready()`.
"""

from collections.abc import Callable

from loyalty.core.people.models import User

HandOver = Callable[[User, User | None], int]
"""Gives what waits for the first person to the second (None: to their functions); returns how many things."""

_rooms: dict[str, HandOver] = {}


def add_hand_over(what: str, hand_over: HandOver) -> None:
    """Let a room hand over what it calls `what`, inside the transaction in which somebody is deactivated."""
    _rooms[what] = hand_over


def hand_over_all(person: User, to: User | None) -> dict[str, int]:
    """Hand over everything; returns how many of each, where there was something."""
    moved = {what: hand_over(person, to) for what, hand_over in _rooms.items()}
    return {what: count for what, count in moved.items() if count}
