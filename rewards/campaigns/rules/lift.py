"""Offered against held out: the difference of two shares, with an interval that is fit for few accounts.

The interval is Newcombe's hybrid score interval (Statistics in Medicine 17, 1998,
method 10), at 95 %. It never has zero width, and what it cannot tell is said.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from loyalty.core.figures import number_text, signed

Z = 1.959963984540054
# Of fewer accounts in a group one alone moves the share by more than ten points.
FEWEST = 10


@dataclass(frozen=True)
class Group:
    """The accounts of one side that paid when the lot was drawn, and how many of them pay now."""

    accounts: int
    kept: int

    @property
    def share(self) -> float:
        return self.kept / self.accounts if self.accounts else 0.0


@dataclass(frozen=True)
class Lift:
    """The difference offered − held out as a ratio, and the interval; `why_not` says why it tells nothing, if so."""

    difference: float
    low: float
    high: float
    why_not: str

    @property
    def points(self) -> str:
        """The difference in percentage points, with its sign."""
        return _points(self.difference)

    @property
    def interval(self) -> str:
        """The interval in percentage points."""
        return f"{_points(self.low)} and {_points(self.high)}"


def _points(ratio: float) -> str:
    return signed(number_text(Decimal(ratio * 100).quantize(Decimal("0.1")) + 0))


def lift(offered: Group, held_out: Group) -> Lift:
    """Compare the shares of accounts that still pay."""
    if not offered.accounts or not held_out.accounts:
        missing = "offered anything" if not offered.accounts else "held out"
        return Lift(0.0, -1.0, 1.0, f"no paying account was {missing}")
    difference, (low, high) = offered.share - held_out.share, _interval(offered, held_out)
    return Lift(difference, low, high, _why_not(offered, held_out, low, high))


def _why_not(offered: Group, held_out: Group, low: float, high: float) -> str:
    if min(offered.accounts, held_out.accounts) < FEWEST:
        return f"each group needs at least {FEWEST} accounts"
    if offered.share == held_out.share and offered.share in (0.0, 1.0):
        return (
            f"{'every' if offered.share else 'no'} account of either group still pays, so there is nothing to compare"
        )
    return "the difference may as well be none or the other way round" if low <= 0 <= high else ""


def _interval(one: Group, other: Group) -> tuple[float, float]:
    (low_1, high_1), (low_2, high_2) = _wilson(one), _wilson(other)
    p_1, p_2 = one.share, other.share
    below = sqrt((p_1 - low_1) ** 2 + (high_2 - p_2) ** 2)
    above = sqrt((high_1 - p_1) ** 2 + (p_2 - low_2) ** 2)
    return p_1 - p_2 - below, p_1 - p_2 + above


def _wilson(group: Group) -> tuple[float, float]:
    n, p = group.accounts, group.share
    middle, half = p + Z**2 / (2 * n), Z * sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return (middle - half) / (1 + Z**2 / n), (middle + half) / (1 + Z**2 / n)
