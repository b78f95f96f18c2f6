"""Redemption by month of issue and age, completed by the chain ladder, with Mack's standard error.

Chain ladder: each development factor is the volume-weighted mean of what the
cohorts did from one age to the next. Error: Mack, "Distribution-free calculation
of the standard error of chain ladder reserve estimates", ASTIN Bulletin 23 (1993),
whose last variance is extrapolated as he says there. Interval: the redemptions
still to come are taken as log-normal (as in that paper), with Student's t in
place of the normal quantile, because few cohorts estimate their own variance
badly. No tail factor: nothing is added beyond the oldest age seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rewards.breakage.rules.student import t_quantile

ZERO = Decimal(0)
CONFIDENCE = 0.95
FEWEST_COHORTS = 3


@dataclass(frozen=True)
class Estimate:
    """What cohorts will have redeemed in the end. Money in one currency, not rounded; rates are shares of `issued`.

    `low` and `high` bound the total at 95 % and lie between what is redeemed and what was issued; None when
    there are too few cohorts to say. `standard_error` belongs to the total of `ultimates`.
    """

    factors: list[Decimal]
    ultimates: list[Decimal]
    issued: Decimal
    redeemed: Decimal
    standard_error: float | None
    low: Decimal | None
    high: Decimal | None

    @property
    def ultimate(self) -> Decimal:
        return sum(self.ultimates, ZERO)

    @property
    def to_come(self) -> Decimal:
        """Redemptions that are still expected."""
        return self.ultimate - self.redeemed

    @property
    def breakage(self) -> Decimal:
        """What will never be redeemed."""
        return self.issued - self.ultimate

    @property
    def course(self) -> list[Decimal]:
        """The share of `issued` redeemed at each age, back from the end by the factors; it never falls."""
        shares = [self.ultimate / self.issued]
        for factor in reversed(self.factors):
            shares.append(shares[-1] / factor)
        return shares[::-1]

    @property
    def rate(self) -> Decimal:
        return self.breakage / self.issued

    @property
    def rate_low(self) -> Decimal | None:
        return None if self.high is None else (self.issued - self.high) / self.issued

    @property
    def rate_high(self) -> Decimal | None:
        return None if self.low is None else (self.issued - self.low) / self.issued


Rows = Sequence[Sequence[Decimal]]
"""Cumulative redemptions of each cohort by age, the oldest cohort first; none is longer than the one before it."""


def estimate(issued: Sequence[Decimal], rows: Rows) -> Estimate | None:
    """Complete the triangle; None while no cohort has redeemed anything, or a needed factor cannot be told.

    A cohort that has redeemed nothing yet says nothing about its end and is left out, which never raises
    the rate. Raises ValueError for rows of a wrong shape.
    """
    if len(issued) != len(rows) or any(len(a) < len(b) for a, b in zip(rows, rows[1:], strict=False)):
        raise ValueError("Each cohort needs what it was issued, and must be as old as the next one at least.")
    told = [(i, row) for i, row in zip(issued, rows, strict=True) if row and row[-1] > 0]
    if not told:
        return None
    known = [row for _, row in told]
    factors = development_factors(known)
    if factors is None:
        return None
    ultimates = [min(_to_the_end(row, factors), given) for given, row in told]
    redeemed = sum((row[-1] for row in known), ZERO)
    given = sum((i for i, _ in told), ZERO)
    error = standard_error(known, factors)
    low, high = _bounds(sum(ultimates, ZERO), redeemed, given, error, _freedom(known))
    return Estimate(factors, ultimates, given, redeemed, error, low, high)


def development_factors(rows: Rows) -> list[Decimal] | None:
    """From each age to the next, over all cohorts that have seen both; None when they start from nothing."""
    factors = []
    for age in range(len(rows[0]) - 1):
        both = [row for row in rows if len(row) > age + 1]
        start, end = sum((row[age] for row in both), ZERO), sum((row[age + 1] for row in both), ZERO)
        if start:
            factors.append(end / start)
        elif any(len(row) == age + 1 for row in rows):
            return None
        else:
            factors.append(Decimal(1))
    return factors


def _to_the_end(row: Sequence[Decimal], factors: Sequence[Decimal]) -> Decimal:
    total = row[-1]
    for factor in factors[len(row) - 1 :]:
        total *= factor
    return total


def standard_error(rows: Rows, factors: Sequence[Decimal]) -> float | None:
    """Mack's standard error of the total still to come; None with fewer than three cohorts or ages."""
    if len(rows) < FEWEST_COHORTS or len(factors) < FEWEST_COHORTS - 1:
        return None
    spread, wholes = _variances(rows, factors), [float(f) for f in factors]
    ends = [float(_to_the_end(row, factors)) for row in rows]
    total = 0.0
    for place, row in enumerate(rows):
        younger = sum(ends[place + 1 :])
        level = float(row[-1])
        for age in range(len(row) - 1, len(factors)):
            behind = sum(float(r[age]) for r in rows if len(r) > age + 1)
            if spread[age] and level and behind:
                share = spread[age] / wholes[age] ** 2
                total += ends[place] ** 2 * share * (1 / level + 1 / behind)
                total += 2 * ends[place] * younger * share / behind
            level *= wholes[age]
    return math.sqrt(total)


def _variances(rows: Rows, factors: Sequence[Decimal]) -> list[float]:
    """Mack's sigma squared of each age."""
    found: list[float] = []
    for age, factor in enumerate(factors):
        both = [row for row in rows if len(row) > age + 1 and row[age] > 0]
        if len(both) > 1:
            parts = (float(row[age]) * (float(row[age + 1] / row[age]) - float(factor)) ** 2 for row in both)
            found.append(sum(parts) / (len(both) - 1))
        elif len(found) > 1 and found[-2]:
            found.append(min(found[-1] ** 2 / found[-2], found[-2], found[-1]))
        else:
            found.append(found[-1] if found else 0.0)
    return found


def _freedom(rows: Rows) -> int:
    """Link ratios seen, less the factors estimated from them."""
    return max(sum(len(row) - 1 for row in rows) - (len(rows[0]) - 1), 1)


def _bounds(
    ultimate: Decimal, redeemed: Decimal, issued: Decimal, error: float | None, freedom: int
) -> tuple[Decimal | None, Decimal | None]:
    if error is None:
        return None, None
    to_come = float(ultimate - redeemed)
    if to_come <= 0:
        return ultimate, ultimate
    width = math.sqrt(math.log1p((error / to_come) ** 2))
    reach = t_quantile((1 + CONFIDENCE) / 2, freedom) * width
    middle = math.log(to_come) - width**2 / 2
    ends = (Decimal(str(math.exp(middle - reach))), Decimal(str(math.exp(min(middle + reach, 700.0)))))
    return min(redeemed + ends[0], issued), min(redeemed + ends[1], issued)
