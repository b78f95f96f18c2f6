"""The standard's own loyalty example, worked out by the rules that the books use, for the page to show."""

from dataclasses import dataclass
from decimal import Decimal

from rewards.breakage.rules.allocation import allocate
from rewards.breakage.rules.recognition import Cohort, ahead

PRICE, POINTS, EXPECTED_FIRST = Decimal(100_000), Decimal(10_000), Decimal(9_500)
# Redeemed in all by the end of each year, and how much is then expected to be redeemed in the end.
YEARS = ((Decimal(4_500), EXPECTED_FIRST), (Decimal(8_500), Decimal(9_700)))
SOURCE = "IFRS 15 IE267 to IE270, ASC 606-10-55-353 to 356"


@dataclass(frozen=True)
class Year:
    """The end of one year: points redeemed in all and expected in the end; money in whole units, as printed."""

    number: int
    redeemed: Decimal
    expected: Decimal
    revenue: Decimal
    owed: Decimal


@dataclass(frozen=True)
class Example:
    """What the price is shared out into, and each year."""

    product: Decimal
    points: Decimal
    years: list[Year]


def worked_example() -> Example:
    """Work it out anew."""
    product, points = allocate(PRICE, [PRICE, POINTS * EXPECTED_FIRST / POINTS])
    earned, years = Decimal(0), []
    for number, (redeemed, expected) in enumerate(YEARS, start=1):
        cohort = Cohort(POINTS, redeemed)
        to_date = points * (redeemed + ahead(cohort, expected)) / POINTS
        years.append(Year(number, redeemed, expected, _whole(to_date - earned), _whole(points - to_date)))
        earned = to_date
    return Example(_whole(product), _whole(points), years)


def _whole(amount: Decimal) -> Decimal:
    """As the standard prints it."""
    return amount.quantize(Decimal(1))
