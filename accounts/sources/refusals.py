"""What sources had refused, for the list of sources; told by the floor that takes data in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Refusals:
    """What a source had refused and has not gone in since: how many (`is_capped`: at least), and the last of them."""

    count: int
    is_capped: bool
    reason: str
    at: datetime


Look = Callable[[Iterable[int]], dict[int, Refusals]]
_looks: list[Look] = []


def tell_refusals(look: Look) -> None:
    """Let the list of sources ask there; `look` gets source ids and leaves out those with none."""
    _looks.append(look)


def refusals_of(source_ids: Iterable[int]) -> dict[int, Refusals]:
    """Source id → what it had refused."""
    wanted = list(source_ids)
    return {source_id: told for look in _looks for source_id, told in look(wanted).items()}
