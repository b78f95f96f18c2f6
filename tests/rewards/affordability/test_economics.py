"""LTV, LTV:CAC and CAC payback against published figures, before and after rewards, in part and in all."""

from decimal import Decimal

import pytest

from loyalty.core.money import cents
from rewards.affordability.rules.answer import ltv_text, ltv_to_cac_text, payback_text
from rewards.affordability.rules.assumptions import UNSET, assumptions_of
from rewards.affordability.rules.economics import (
    Cell,
    Group,
    group_of,
    groups_of,
    in_all,
    ltv,
    payback_months,
    side,
    tier_rates,
)

D = Decimal


@pytest.mark.parametrize(
    ("source", "mrr", "margin", "churn", "worth"),
    [
        ("ChartMogul: ARPA divided by churn", "100", "1", "0.05", "2000.00"),
        ("ProfitWell: ARPU divided by churn", "10", "1", "0.04", "250.00"),
        ("ProfitWell, the same at 6 %", "10", "1", "0.06", "166.67"),
        ("Stripe: at zero churn it reckons with 1.67 %", "100", "1", "0.0167", "5988.02"),
        ("with a margin", "100", "0.8", "0.05", "1600.00"),
    ],
)
def test_published_lifetime_values(source: str, mrr: str, margin: str, churn: str, worth: str) -> None:
    found = ltv(D(mrr) * D(margin), D(churn))
    assert found is not None
    assert cents(found) == D(worth), source


def test_published_payback() -> None:
    assert payback_months(D(1000), D(100) * D("0.8")) == D("12.5")
    assert payback_months(D(1000), D(0)) is None


def test_zero_churn_is_not_defined_and_the_cap_stands_beside_it() -> None:
    endless = side(D(80), D(0), D(1000))
    assert (endless.ltv, endless.ltv_to_cac) == (None, None)
    assert (endless.capped_ltv, endless.capped_ltv_to_cac) == (D(4800), D("4.8"))
    assert ltv_text(endless, "USD") == "not defined; 60-month cap $4,800.00"
    assert ltv_to_cac_text(endless) == "not defined; 60-month cap 4.80:1"
    assert payback_text(endless) == "12.5 months"


def test_what_is_not_known_stays_unknown() -> None:
    assert ltv_text(group_of("Some", 1, D(9), D(0), None, D("0.05"), D(100)).before, "USD") == "unknown"
    without = side(D(80), None, None)
    assert (without.ltv, without.capped_ltv, without.ltv_to_cac, without.payback) == (None, None, None, None)
    assert (ltv_to_cac_text(without), payback_text(without)) == ("unknown", "unknown")
    assert payback_text(side(D(-1), None, D(100))) == "never"


def group(accounts: int, mrr: str, cost: str, churn: str | None = "0.02") -> Group:
    return group_of("Some", accounts, D(mrr), D(cost), D("0.8"), D(churn) if churn else None, D(1000))


def test_the_cost_of_rewards_lowers_the_margin_and_never_the_mrr() -> None:
    one = group(10, "1000", "1200")
    assert (one.average_mrr, one.average_cost) == (D(100), D(120))
    assert (one.before.margin, one.after.margin) == (D(80), D(70))
    assert (one.before.ltv, one.after.ltv) == (D(4000), D(3500))
    assert (one.before.ltv_to_cac, one.after.ltv_to_cac) == (D(4), D("3.5"))
    assert (one.before.payback, payback_text(one.after)) == (D("12.5"), "14.3 months")
    nobody = group(0, "0", "50")
    assert (nobody.average_mrr, nobody.after.ltv) == (None, None)


def test_in_all_is_what_the_accounts_add_up_to() -> None:
    small = group_of("Small", 90, D(9000), D(900), D("0.8"), D("0.03"), D(200))
    large = group_of("Large", 10, D(21000), D(300), D("0.7"), D("0.01"), D(8000))
    left = group_of("Left", 0, D(0), D(60), None, None, None)
    whole = in_all([small, large, left])
    assert (whole.accounts, whole.mrr, whole.cost) == (100, D(30000), D(1260))
    assert (whole.gross_margin, whole.churn, whole.cac) == (D("0.73"), D("0.028"), D(980))
    # 90 accounts are worth $2,666.67 each, 10 are worth $147,000.00.
    assert whole.before.ltv is not None
    assert cents(whole.before.ltv) == D("17100.00")
    assert whole.before.margin == D(219)
    assert whole.before.ltv_to_cac == whole.before.ltv / 980
    endless = in_all([small, group_of("Large", 10, D(21000), D(0), D("0.7"), D(0), D(8000))]).before
    assert (endless.ltv, endless.is_endless, endless.capped_ltv) == (None, True, D(219 * 60))
    unknown = in_all([small, group_of("Large", 10, D(21000), D(300), D("0.7"), None, D(8000))])
    assert (unknown.churn, unknown.gross_margin, unknown.after.ltv) == (None, D("0.73"), None)


def test_cells_add_up_by_plan_segment_and_by_tier() -> None:
    values = dict(UNSET) | {
        "churn": {"of": {"mid_market": "1.50"}, "as_of": "2026-09-30", "source": "Billing"},
        "discount_limit": {"of": {"gold": "2.00", "platinum": "2.00"}, "as_of": "2026-09-30", "source": "Budget"},
    }
    cells = [
        Cell("mid_market", "gold", 2, 0, D(1000), D(100), D(240)),
        Cell("mid_market", None, 1, 1, D(500), D(20), D(20)),
        Cell(None, "gold", 1, 0, D(200), D(5), D(5)),
    ]
    assumed = assumptions_of(values)
    groups = groups_of(cells, assumed)
    assert [(g.label, g.accounts, g.mrr, g.cost, g.churn) for g in groups if g.accounts] == [
        ("Mid-market", 3, D(1500), D(120), D("0.015"))
    ]
    tiers = {"silver": "Silver", "gold": "Gold", "platinum": "Platinum"}
    gold, platinum = tier_rates(cells, assumed, tiers)
    assert (gold.name, gold.arr, gold.given, gold.status) == ("Gold", D(14400), D(245), "met")
    assert (platinum.rate, platinum.status) == (None, "nothing")
    exactly = tier_rates([Cell(None, "gold", 1, 0, D(100), D(0), D(24))], assumed, tiers)[0]
    assert (exactly.rate, exactly.status) == (D("0.02"), "met")
