"""What higher rooms tell beside an offer: its fit with the contract, its lot. They register when the app is ready."""

from collections.abc import Callable
from dataclasses import dataclass

from rewards.offers.models import Offer


@dataclass(frozen=True)
class Panel:
    """A few sentences under a heading; `url` leads to where they come from."""

    heading: str
    sentences: tuple[str, ...]
    url: str = ""


Look = Callable[[Offer], Panel]

_looks: list[Look] = []


def add_panel(look: Look) -> None:
    """Let a room tell something beside each offer; panels stand in the order in which they were added."""
    if look not in _looks:
        _looks.append(look)


def panels_of(offer: Offer) -> list[Panel]:
    """What the rooms tell of this offer; a panel without a sentence is left out."""
    return [panel for look in _looks if (panel := look(offer)).sentences]
