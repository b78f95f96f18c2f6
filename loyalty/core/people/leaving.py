"""What rooms do when somebody leaves: what was theirs to do is handed to somebody else, or back to the function.

The ground lists nobody's work; a room registers in its app's `ready()`.

Order of locks: what is handed over comes first, room by room as they registered (change requests, accounts, offers,
deliveries) and by id within each; people come last. Whoever decides goes the same way: what they decide on, then
their own row, which keeps their seat.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from loyalty.core.people.models import User


@dataclass(frozen=True)
class HandOver:
    """`theirs(person_id)` is what waits for a person; `give(person, to)` gives it to the second (None: to their
    functions) and returns how many things.
    """

    theirs: Callable[[int], QuerySet[Any]]
    give: Callable[[User, User | None], int]


_rooms: dict[str, HandOver] = {}


def add_hand_over(what: str, hand_over: HandOver) -> None:
    """Let a room hand over what it calls `what`, inside the transaction in which somebody is deactivated."""
    _rooms[what] = hand_over


def hold_all(person_id: int) -> None:
    """Lock what waits for the person, until the transaction ends; called before any person is locked."""
    for room in _rooms.values():
        theirs = room.theirs(person_id)
        rows = theirs.model._default_manager.filter(pk__in=theirs.order_by().values("pk")).order_by("pk")
        # Asked for now, so that the locks are taken.
        list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def hand_over_all(person: User, to: User | None) -> dict[str, int]:
    """Hand over everything; returns how many of each, where there was something."""
    moved = {what: room.give(person, to) for what, room in _rooms.items()}
    return {what: count for what, count in moved.items() if count}
