"""What higher rooms tell about a reward on its own page: its capacity. They register when the app is ready."""

from collections.abc import Callable
from dataclasses import dataclass

from rewards.catalogue.models import Reward


@dataclass(frozen=True)
class Fact:
    """A line of the facts of a reward; `url` leads to where more of it stands, named by `link`."""

    heading: str
    sentences: tuple[str, ...]
    url: str
    link: str


Look = Callable[[Reward], Fact | None]

_looks: list[Look] = []


def add_fact(look: Look) -> None:
    """Let a room tell something about each reward, or None; in the order in which they were added."""
    if look not in _looks:
        _looks.append(look)


def facts_of(reward: Reward) -> list[Fact]:
    """What the rooms tell of this reward."""
    return [fact for look in _looks if (fact := look(reward)) is not None]
