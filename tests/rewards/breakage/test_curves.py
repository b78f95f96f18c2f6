"""Redemption curves against published and hand-made figures."""

from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.breakage.rules.student import t_cdf, t_quantile
from rewards.breakage.rules.survival import Seen, kaplan_meier
from rewards.breakage.rules.triangle import development_factors, estimate, standard_error

D = Decimal


def rows_of(*rows: list[int]) -> list[list[Decimal]]:
    return [[D(n) for n in row] for row in rows]


# Our own example: four quarters of 10,000 each.
QUARTERS = rows_of([2000, 3500, 4500, 5000], [2200, 3900, 4950], [1800, 3200], [2000])


def test_four_quarters_of_credits() -> None:
    found = estimate([D(10_000)] * 4, QUARTERS)
    assert found is not None
    assert [round(f, 6) for f in found.factors] == [D("1.766667"), D("1.277027"), D("1.111111")]
    assert [round(u, 2) for u in found.ultimates] == [D("5000.00"), D("5500.00"), D("4540.54"), D("5013.51")]
    assert round(found.ultimate, 2) == D("20054.05")
    assert round(found.to_come, 2) == D("4904.05")
    assert round(found.breakage, 2) == D("19945.95")
    assert round(found.rate, 6) == D("0.498649")
    assert [round(share, 4) for share in found.course] == [D("0.2000"), D("0.3533"), D("0.4512"), D("0.5014")]
    assert found.low is not None
    assert found.high is not None
    assert found.redeemed < found.low < found.ultimate < found.high < found.issued


# Taylor and Ashe's triangle, the example of Mack's paper of 1993.
TAYLOR_ASHE = rows_of(
    [357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463],
    [352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085],
    [290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315],
    [310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
    [443160, 1136350, 2128333, 2897821, 3402672, 3873311],
    [396132, 1333217, 2180715, 2985752, 3691712],
    [440832, 1288463, 2419861, 3483130],
    [359480, 1421128, 2864498],
    [376686, 1363294],
    [344014],
)


def test_macks_own_example() -> None:
    """Reserve 18,681 thousand with a standard error of 2,447 thousand (table 1 of the paper)."""
    found = estimate([D(10_000_000)] * 10, TAYLOR_ASHE)
    assert found is not None
    assert round(found.to_come / 1000) == 18_681
    assert found.standard_error is not None
    assert round(found.standard_error / 1000) == 2_447


def test_too_few_cohorts_give_a_rate_without_an_interval() -> None:
    found = estimate([D(100), D(100)], rows_of([20, 40], [30]))
    assert found is not None
    assert (found.rate, found.standard_error, found.low, found.high) == (D("0.5"), None, None, None)
    assert (found.rate_low, found.rate_high) == (None, None)


def test_a_cohort_without_redemptions_says_nothing_about_its_end() -> None:
    with_it = estimate([D(100), D(100), D(900)], rows_of([20, 40], [30], [0]))
    assert with_it == estimate([D(100), D(100)], rows_of([20, 40], [30]))
    assert estimate([D(100)], rows_of([0, 0])) is None
    assert estimate([], []) is None


def test_a_factor_from_nothing_cannot_be_told() -> None:
    assert estimate([D(100), D(100)], rows_of([0, 40], [30])) is None
    # Nobody needs the factor of an age that all have left.
    assert development_factors(rows_of([0, 40], [0, 30])) == [D(1)]


def test_nobody_redeems_more_than_was_issued() -> None:
    found = estimate([D(100), D(100), D(50)], rows_of([20, 60, 80], [20, 70], [30]))
    assert found is not None
    assert found.ultimates[2] == D(50)


def test_rows_must_be_a_triangle() -> None:
    with pytest.raises(ValueError, match="as old as the next"):
        estimate([D(1), D(1)], rows_of([1], [1, 2]))
    with pytest.raises(ValueError, match="as old as the next"):
        estimate([D(1)], [])


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 1000), min_size=6, max_size=6), min_size=4, max_size=6))
def test_the_interval_holds_the_estimate_within_what_is_possible(steps: list[list[int]]) -> None:
    rows = [[D(n) for n in accumulate(row[: 6 - place])] for place, row in enumerate(steps)]
    found = estimate([D(6000)] * len(rows), rows)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.redeemed <= found.low <= found.high <= found.issued
    assert found.redeemed <= found.ultimate <= found.issued
    assert standard_error(rows, found.factors) == found.standard_error


# Freireich's trial of 6-MP (Blood 21, 1963), weeks of remission; True: relapse.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSES = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_kaplan_and_meiers_curve_of_a_published_trial() -> None:
    steps = kaplan_meier(Seen(t, bool(e)) for t, e in zip(WEEKS, RELAPSES, strict=True))
    assert {s.time: round(s.survival, 4) for s in steps} == {
        6: D("0.8571"),
        7: D("0.8067"),
        10: D("0.7529"),
        13: D("0.6902"),
        16: D("0.6275"),
        22: D("0.5378"),
        23: D("0.4482"),
    }


def test_weights_count_like_so_many_observations() -> None:
    single = [Seen(1, True), Seen(1, True), Seen(2, False), Seen(3, True)]
    weighed = [Seen(1, True, D(2)), Seen(2, False), Seen(3, True)]
    assert kaplan_meier(single) == kaplan_meier(weighed)
    assert kaplan_meier([]) == []


# Tables of Student's t, two-sided 95 %.
@pytest.mark.parametrize(("freedom", "t"), [(1, 12.7062), (2, 4.3027), (3, 3.1824), (10, 2.2281), (120, 1.9799)])
def test_quantiles_of_students_t(freedom: int, t: float) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(t, abs=5e-5)
    assert t_quantile(0.025, freedom) == pytest.approx(-t, abs=5e-5)
    assert t_cdf(0.0, freedom) == 0.5


def test_a_quantile_needs_a_share_and_freedom() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        t_quantile(1.0, 3)
