"""What the pages of the book show: sorts, states of a subscription."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

# Sort in the address → fields of the list, which end in a unique one and are never null.
SORTS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "id"),
    "-name": ("-name", "-id"),
    "mrr": ("by_mrr", "id"),
    "-mrr": ("-by_mrr", "-id"),
    "utilisation": ("by_utilisation", "id"),
    "-utilisation": ("-by_utilisation", "-id"),
    "renews": ("by_renews_on", "id"),
    "-renews": ("-by_renews_on", "-id"),
    "seen": ("by_recency", "id"),
    "-seen": ("-by_recency", "-id"),
}
FIRST_SORT = "name"
# What one wants to see first on a first click: the most money, the fullest, the soonest, the latest seen.
FIRST_CLICK = {"name": "name", "mrr": "-mrr", "utilisation": "-utilisation", "renews": "renews", "seen": "seen"}


def next_sort(column: str, now: str) -> str:
    """The sort that a click on a column's head asks for: the other way round when it is sorted by it already."""
    first = FIRST_CLICK[column]
    return _turned(first) if now == first else first


def direction(column: str, now: str) -> str:
    """`aria-sort` of a column's head; empty when the list is not sorted by it."""
    if now.lstrip("-") != column:
        return ""
    return "descending" if now.startswith("-") else "ascending"


def _turned(sort: str) -> str:
    return sort[1:] if sort.startswith("-") else f"-{sort}"


class SubscriptionState(StrEnum):
    ACTIVE = "active"
    TRIAL = "trial"
    PAUSED = "paused"
    ENDED = "ended"
    AHEAD = "ahead"


def state_on(
    day: date, starts_on: date, ends_on: date | None, *, is_trial: bool, is_paused: bool = False
) -> SubscriptionState:
    """How a subscription [starts_on, ends_on) stands on a day."""
    if day < starts_on:
        return SubscriptionState.AHEAD
    if ends_on is not None and ends_on <= day:
        return SubscriptionState.ENDED
    if is_paused:
        return SubscriptionState.PAUSED
    return SubscriptionState.TRIAL if is_trial else SubscriptionState.ACTIVE
