"""Breakage in proportion to redemptions (IFRS 15 B46, ASC 606-10-55-48), cohort by cohort.

A cohort is what was issued in one month. Of its unused credit we expect a part
never to be used; with each redemption an equal share of that part is recognised
ahead of the day on which it lapses. What has lapsed is known and needs no
estimate, so it takes the place of what was recognised ahead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from loyalty.core.money import cents

ZERO = Decimal(0)


@dataclass(frozen=True)
class Cohort:
    """Sums of one month of issue to date, none below zero, net of reversals; one unit or currency."""

    issued: Decimal
    redeemed: Decimal = ZERO
    expired: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What can still be used."""
        return self.issued - self.redeemed - self.expired


def expected_use(issued: Decimal, rate: Decimal) -> Decimal:
    """How much of `issued` will be redeemed in the end at a breakage `rate` (0 ≤ rate < 1), not rounded."""
    return issued * (1 - rate)


def ahead(cohort: Cohort, expected: Decimal) -> Decimal:
    """Breakage that is recognised before it has lapsed, to date: (issued − expected) × redeemed ÷ expected.

    Not rounded. `expected` is the redemption in the end. Never below zero and never more than is left: use that goes
    beyond the expectation completes it.
    """
    if expected <= 0:
        return ZERO
    earned = max(cohort.issued - expected, ZERO) * cohort.redeemed / expected
    return max(min(earned - cohort.expired, cohort.left), ZERO)


def ahead_in_all(cohorts: Iterable[Cohort], rate: Decimal | None) -> Decimal:
    """The same over cohorts at one rate, in whole cents; nothing without a rate."""
    if rate is None:
        return cents(ZERO)
    return cents(sum((ahead(c, expected_use(c.issued, rate)) for c in cohorts), ZERO))


@dataclass(frozen=True)
class Movement:
    """By how much breakage recognised ahead grows (it may shrink): by use, and by the new estimate. Whole cents."""

    breakage: Decimal
    reestimate: Decimal


def movement(
    cohorts: Iterable[Cohort], *, booked: Decimal, rate_before: Decimal | None, rate: Decimal | None
) -> Movement:
    """What a period adds to the `booked` breakage, at the rate of before; then the catch-up to the new rate.

    `cohorts` stand as at the end of the period. It is worked out from the whole, so that no rounding adds up:
    booked + breakage + reestimate is the breakage to date at `rate`.
    """
    standing = list(cohorts)
    at_old, at_new = ahead_in_all(standing, rate_before), ahead_in_all(standing, rate)
    return Movement(breakage=at_old - booked, reestimate=at_new - at_old)
