"""What rooms do at night: each registers its chores; the order of the steps stands in `loyalty/pipeline.py`.

A chore either takes accounts range by range, each in a transaction that is given
to it, so that any number of workers share it; or it is done at once, in
transactions of its own. Both must be harmless to repeat.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

Counts = Mapping[str, int]
"""What came of it, by name: `{"offers": 3}`."""

Cut = Callable[[int], Iterable[tuple[int, int]]]
"""Cuts the ids of all accounts in ranges (first, last), each about so many ids wide."""


@dataclass(frozen=True)
class Span:
    """The days (UTC) that a night works out: `day`, and those before it that were missed, from `first_day` on."""

    first_day: date
    day: date

    @property
    def missed(self) -> int:
        """How many days before the day no night worked out."""
        return (self.day - self.first_day).days


@dataclass(frozen=True)
class RangedChore:
    """A chore over accounts: `work` (first id, last id, days) runs inside one transaction; `size` ids are a range."""

    step: str
    name: str
    work: Callable[[int, int, Span], Counts]
    size: int = 1000


@dataclass(frozen=True)
class WholeChore:
    """A chore done at once, in transactions of its own."""

    step: str
    name: str
    work: Callable[[Span], Counts]


Chore = RangedChore | WholeChore

_chores: dict[str, Chore] = {}


def add_chore(chore: Chore) -> None:
    """Let a room take part in a step of the night; chores of a step are done in the order in which they were added."""
    _chores[chore.name] = chore


def chores_of(step: str) -> list[Chore]:
    """The chores of a step, in their order."""
    return [chore for chore in _chores.values() if chore.step == step]


def chore_named(name: str) -> Chore | None:
    """The chore; None when this version of the application does not know it."""
    return _chores.get(name)
