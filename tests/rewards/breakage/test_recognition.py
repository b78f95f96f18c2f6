"""The standard's own example, three periods with a new estimate, and the 12 months."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.core.money import cents
from rewards.breakage.rules.allocation import allocate
from rewards.breakage.rules.gate import allowed_from, is_allowed
from rewards.breakage.rules.recognition import Cohort, Movement, ahead, ahead_in_all, movement

D = Decimal
WHOLE = D(1)


def near(figure: str) -> object:
    return pytest.approx(D(figure), abs=D("0.0001"))


def test_the_standards_loyalty_example_comes_out_exactly() -> None:
    """IFRS 15 IE267–IE270, ASC 606-10-55-353 to 356: 10,000 points, 9,500 expected, later 9,700."""
    product, points = allocate(D(100_000), [D(100_000), D(10_000) * D("0.95")])
    assert (product, points) == (near("91324.2009"), near("8675.7991"))
    assert (product.quantize(WHOLE), points.quantize(WHOLE)) == (91_324, 8_676)

    def earned(redeemed: int, expected: int) -> Decimal:
        cohort = Cohort(D(10_000), D(redeemed))
        return points * (cohort.redeemed + ahead(cohort, D(expected))) / cohort.issued

    first = earned(4_500, 9_500)
    assert (first, points - first) == (near("4109.5890"), near("4566.2100"))
    assert (first.quantize(WHOLE), (points - first).quantize(WHOLE)) == (4_110, 4_566)
    second = earned(8_500, 9_700)
    assert (second - first, points - second) == (near("3492.9153"), near("1073.2947"))
    assert ((second - first).quantize(WHOLE), (points - second).quantize(WHOLE)) == (3_493, 1_073)


def test_a_price_is_shared_out_only_among_something() -> None:
    with pytest.raises(ValueError, match="sum to nothing"):
        allocate(D(100), [D(0), D(0)])


# Redeemed, expired in the period and the expected total; then: opening, breakage (net of what lapsed),
# re-estimate, closing, revenue. Our own example, worked out by hand.
PERIODS = [
    (3000, 0, 8000, "0", "-750.00", "0", "6250.00", "3750.00"),
    (2000, 0, 9000, "6250.00", "-500.00", "694.44", "4444.44", "1805.56"),
    (3500, 1500, 9000, "4444.44", "-944.44", "0", "0", "4444.44"),
]


def test_three_periods_roll_forward_to_the_cent_with_a_catch_up() -> None:
    issued, booked, rate_before, revenues = D(10_000), D(0), D("0.2"), D(0)
    cohort = Cohort(issued)
    for used, lapsed, expected, opening, breakage, reestimate, closing, revenue in PERIODS:
        was_owed = cohort.left - booked
        cohort = Cohort(issued, cohort.redeemed + used, cohort.expired + lapsed)
        rate = 1 - D(expected) / issued
        moved = movement([cohort], booked=booked, rate_before=rate_before, rate=rate)
        booked, rate_before = booked + moved.breakage + moved.reestimate, rate
        # What was issued comes into the first period.
        assert was_owed == (D(opening) or issued)
        assert (-moved.breakage - lapsed, -moved.reestimate) == (D(breakage), D(reestimate))
        assert cohort.left - booked == D(closing)
        earned = used + lapsed + moved.breakage + moved.reestimate
        assert earned == D(revenue)
        assert was_owed - used + D(breakage) + D(reestimate) == D(closing)
        revenues += earned
    assert revenues == issued


@pytest.mark.parametrize(
    ("as_of", "allowed"), [(date(2026, 1, 14), False), (date(2026, 1, 15), True), (date(2027, 1, 1), True)]
)
def test_no_breakage_before_twelve_months_of_history(as_of: date, allowed: bool) -> None:
    """A first credit on 15 Jan 2025. Until then all of the face value is owed."""
    assert is_allowed(date(2025, 1, 15), as_of) is allowed
    rate = D("0.2") if allowed else None
    owed = D(1000) - D(400) - ahead_in_all([Cohort(D(1000), D(400))], rate)
    assert owed == (D(500) if allowed else D(600))


def test_history_begins_with_the_first_credit_and_a_leap_day_counts_as_its_eve() -> None:
    assert not is_allowed(None, date(2030, 1, 1))
    assert allowed_from(date(2024, 2, 29)) == date(2025, 2, 28)


def test_what_has_lapsed_takes_the_place_of_what_was_recognised_ahead() -> None:
    assert ahead(Cohort(D(100), D(40)), D(80)) == D(10)
    assert ahead(Cohort(D(100), D(40), D(7)), D(80)) == D(3)
    assert ahead(Cohort(D(100), D(40), D(60)), D(80)) == D(0)
    assert ahead(Cohort(D(100), D(40)), D(0)) == D(0)


money = st.decimals(0, 100_000, places=2)
rates = st.one_of(st.none(), st.decimals("0", "0.95", places=4))


@settings(deadline=None)
@given(st.lists(st.tuples(money, money, money)), rates, rates, st.decimals(0, 1000, places=2))
def test_the_movement_leads_to_the_new_estimate_and_owes_never_less_than_nothing(
    parts: list[tuple[Decimal, Decimal, Decimal]], before: Decimal | None, rate: Decimal | None, booked: Decimal
) -> None:
    cohorts = [Cohort(a + b + c, a, b) for a, b, c in parts]
    moved = movement(cohorts, booked=booked, rate_before=before, rate=rate)
    now = booked + moved.breakage + moved.reestimate
    assert now == ahead_in_all(cohorts, rate) == cents(now)
    assert 0 <= now <= sum(c.left for c in cohorts)
    again = movement(cohorts, booked=now, rate_before=rate, rate=rate)
    assert again == Movement(D(0), D(0))
