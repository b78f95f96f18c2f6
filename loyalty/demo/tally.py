"""Adding events up: daily usage, event days and contact days, as exact sums. Days are UTC, moments epoch seconds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loyalty.demo.activity import Events
from loyalty.demo.habits import Ints
from loyalty.demo.vocabulary import INDEX, NAMES, SIGNED_IN

DAY_SECONDS = 86_400
DAYS = 1 << 17
NEVER = -1


@dataclass(frozen=True)
class Tally:
    """Columns of the three tables; account and person are positions in the company, day is days since the epoch."""

    daily: tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints]
    """account, day, events, key actions, sign-ins, seconds, moments of the first and the last key action or NEVER"""
    event_days: tuple[Ints, Ints, Ints, Ints, Ints, Ints]
    """account, day, kind, quantity, moments of the first and the last"""
    contact_days: tuple[Ints, Ints, Ints, Ints, Ints]
    """account, day, person, events, key actions"""


def tally(events: Events, key_actions: NDArray[np.bool_]) -> Tally:
    """Add events up; `key_actions` tells of each kind whether it counts as one."""
    day = events.at // DAY_SECONDS
    is_key = key_actions[events.kind]
    kinds = len(NAMES)

    days, group = np.unique(events.account * DAYS + day, return_inverse=True)
    daily = (
        days // DAYS,
        days % DAYS,
        _sums(group, len(days)),
        _sums(group, len(days), is_key),
        _sums(group, len(days), events.kind == INDEX[SIGNED_IN]),
        _sums(group, len(days), events.seconds),
        *_first_and_last(group[is_key], events.at[is_key], len(days)),
    )
    named, group, quantity = np.unique(
        (events.account * DAYS + day) * kinds + events.kind, return_inverse=True, return_counts=True
    )
    moments = _first_and_last(group, events.at, len(named))
    event_days = (named // kinds // DAYS, named // kinds % DAYS, named % kinds, quantity, *moments)

    # Persons are numbered account by account, so this order is by account too.
    person_days, first, group = np.unique(events.person * DAYS + day, return_index=True, return_inverse=True)
    contact_days = (
        events.account[first],
        person_days % DAYS,
        person_days // DAYS,
        _sums(group, len(person_days)),
        _sums(group, len(person_days), is_key),
    )
    return Tally(daily, event_days, contact_days)


def _sums(group: Ints, size: int, weights: NDArray | None = None) -> Ints:
    """Sums by group; exact, since every sum is far below 2**53."""
    return np.bincount(group, weights, minlength=size).astype(np.int64)


def _first_and_last(group: Ints, at: Ints, size: int) -> tuple[Ints, Ints]:
    """The first and the last moment of each group, of events in order of time; NEVER for a group without any."""
    first, last = np.full(size, NEVER, dtype=np.int64), np.full(size, NEVER, dtype=np.int64)
    # Of several values for one place numpy keeps the one that is assigned last.
    first[group[::-1]], last[group] = at[::-1], at
    return first, last
