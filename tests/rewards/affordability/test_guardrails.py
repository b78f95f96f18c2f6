"""Each guardrail: met, not met, and unknown with what to do; and the assumptions as people write them."""

from decimal import Decimal
from typing import Any

import pytest

from loyalty.core.errors import DomainError
from rewards.affordability.rules.answer import Answer, answer, differences
from rewards.affordability.rules.assumptions import UNSET, assumptions_of, clean_values, field_in_words
from rewards.affordability.rules.economics import Cell, Group, TierRate, group_of
from rewards.affordability.rules.first_reward import waiting_of
from rewards.affordability.rules.guardrails import (
    discount_guard,
    first_reward_guard,
    gain_guard,
    ltv_to_cac_guard,
    ratio_text,
    worst,
)
from rewards.breakage.rules.survival import Seen

D = Decimal
TIERS = {"silver": "Silver"}


def said(**of: str) -> dict[str, Any]:
    return {"of": of, "as_of": "2026-09-30", "source": "Management accounts"}


def assumed(**values: Any) -> Any:
    return assumptions_of(dict(UNSET) | values)


def group(churn: str | None, cac: str = "1000", cost: str = "0", label: str = "Self-serve") -> Group:
    """One account of $100 MRR at 80 %."""
    return group_of(label, 1, D(100), D(cost), D("0.8"), D(churn) if churn else None, D(cac))


def test_every_plan_segment_has_to_stay_above_the_minimum() -> None:
    good, exactly = group("0.02"), group("0.02", cost="240", label="Enterprise")
    assert (good.after.ltv_to_cac, exactly.after.ltv_to_cac) == (D(4), D(3))
    assert ltv_to_cac_guard([good], assumed()).status == "met"
    guard = ltv_to_cac_guard([good, exactly], assumed())
    assert (guard.title, guard.status) == ("LTV:CAC stays above 3.00:1", "not_met")
    assert guard.words == "After rewards: Self-serve 4.00:1, Enterprise 3.00:1. The minimum is 3.00:1."
    assert ltv_to_cac_guard([exactly], assumed(least_ltv_to_cac=said(all="2.50"))).status == "met"


def test_what_is_missing_is_named() -> None:
    guard = ltv_to_cac_guard([group("0.02"), group(None, label="Enterprise")], assumed())
    assert (guard.status, guard.next_step) == ("unknown", "Set churn of Enterprise.")
    endless = ltv_to_cac_guard([group("0")], assumed())
    assert endless.status == "unknown"
    assert endless.words.startswith("After rewards: Self-serve not defined (4.80:1 by the 60-month cap).")
    assert ltv_to_cac_guard([], assumed()).words == "Nobody pays yet."


def test_a_ratio_is_never_rounded_up_to_the_minimum() -> None:
    assert ratio_text(D("2.9999")) == "2.99:1"


@pytest.mark.parametrize(("cost", "status"), [("38.39", "met"), ("38.40", "not_met"), ("100", "not_met")])
def test_the_gain_has_to_exceed_the_cost(cost: str, status: str) -> None:
    # $1,200 of ARR × 4 % × 80 % is $38.40.
    guard = gain_guard(group("0.02", cost=cost), assumed(lift=said(all="4.00")), "USD")
    assert guard.status == status
    assert "4.00\N{NO-BREAK SPACE}% on $1,200.00 of ARR leaves $38.40 of margin a year" in guard.words


def test_without_a_lift_the_gain_is_unknown() -> None:
    guard = gain_guard(group("0.02"), assumed(), "USD")
    assert (guard.status, guard.next_step) == ("unknown", "Set the expected lift.")


def test_each_tier_has_its_limit() -> None:
    within, above = TierRate("Silver", D(2), D(100), D("0.02")), TierRate("Gold", D(3), D(100), D("0.02"))
    unlimited, empty = TierRate("Platinum", D(1), D(100), None), TierRate("Old", D(0), D(0), D("0.02"))
    assert discount_guard([within, empty]).status == "met"
    assert discount_guard([within, above, unlimited]).status == "not_met"
    guard = discount_guard([within, unlimited])
    assert (guard.status, guard.next_step) == ("unknown", "Set the limit of Platinum.")
    assert discount_guard([]).status == "unknown"


@pytest.mark.parametrize(
    ("seen", "median", "status"),
    [
        ([], None, "unknown"),
        ([Seen(3, True, D(5)), Seen(9, False, D(5))], 3, "met"),
        ([Seen(3, True, D(4)), Seen(9, False, D(6))], None, "unknown"),
        ([Seen(18, True, D(5)), Seen(20, False, D(5))], 18, "met"),
        ([Seen(19, True, D(5)), Seen(20, False, D(5))], 19, "not_met"),
        ([Seen(3, True, D(4)), Seen(19, False, D(6))], None, "not_met"),
        # Who still waits counts for as long as they wait: two of the four that were followed for 6 months.
        ([Seen(1, False, D(6)), Seen(6, True, D(2)), Seen(7, False, D(2))], 6, "met"),
    ],
)
def test_how_long_a_typical_account_waits(seen: list[Seen], median: int | None, status: str) -> None:
    waiting = waiting_of(seen)
    assert (waiting.median, waiting.status(18)) == (median, status)
    assert first_reward_guard(waiting, assumed()).status == status


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [([], "unknown"), (["met"], "met"), (["met", "unknown"], "unknown"), (["unknown", "not_met"], "not_met")],
)
def test_the_worst_decides(statuses: list[str], verdict: str) -> None:
    assert worst(statuses) == verdict


def test_only_what_is_set_is_kept() -> None:
    kept = clean_values(UNSET, {"churn": said(self_serve=" 3.2 ", enterprise=""), "lift": said(all="")}, TIERS)
    assert kept == dict(UNSET) | {"churn": said(self_serve="3.20")}
    assert clean_values(kept, {"cac": said(enterprise="100")}, TIERS)["churn"] == said(self_serve="3.20")
    limits = clean_values(kept, {"discount_limit": said(silver="3", forgotten="4")}, TIERS)["discount_limit"]
    assert limits == said(silver="3.00")
    assert assumptions_of(kept).churn == {"self_serve": D("0.032")}
    assert (assumptions_of(kept).least_ltv_to_cac, assumptions_of(kept).first_reward_months) == (D(3), 18)


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("churn", said(self_serve="100.01"), "Monthly churn: a number from 0 to 100, with 2 decimals at most"),
        ("churn", said(self_serve="1e400"), "Monthly churn: a number"),
        ("gross_margin", said(self_serve="NaN"), "Gross margin: a number"),
        ("cac", said(self_serve="0"), "CAC: a number from 0.01"),
        ("first_reward_months", said(all="1.5"), "First reward within: a number from 1 to 120, without decimals"),
        ("lift", said(all="4") | {"source": " "}, "Expected lift: say where it comes from"),
        ("lift", said(all="4") | {"as_of": "soon"}, "Expected lift: say of which day it is"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: Any, refusal: str) -> None:
    with pytest.raises(DomainError, match=refusal):
        clean_values(UNSET, {name: value}, TIERS)


def test_in_words_with_date_and_source() -> None:
    cac = said(self_serve="260.00", enterprise="21500.00")
    words = "Self-serve $260.00, Enterprise $21,500.00 (30 Sep 2026, Management accounts)"
    assert field_in_words("cac", cac, "USD", TIERS) == words
    assert field_in_words("least_ltv_to_cac", said(all="3.00"), "USD", TIERS).startswith("3.00:1 (")
    assert field_in_words("discount_limit", said(silver="3.00"), "USD", TIERS).startswith(
        "Silver 3.00\N{NO-BREAK SPACE}%"
    )
    assert field_in_words("lift", None, "USD", TIERS) == "not set"


def told(churn: str, lift: str = "4.00") -> Answer:
    values = {"gross_margin": said(self_serve="80"), "cac": said(self_serve="1000"), "lift": said(all=lift)}
    cells = [Cell("self_serve", "silver", 10, 0, D(1000), D(1200), D(0))]
    return answer(cells, assumed(churn=said(self_serve=churn), **values), TIERS, waiting_of([]), "USD")


def test_another_assumption_is_told_in_words_and_figures() -> None:
    assert differences(told("2.00"), told("2.50"), "USD") == [
        "Self-serve, after rewards: LTV $3,500.00 → $2,800.00; LTV:CAC 3.50:1 → 2.80:1.",
        "In all, after rewards: LTV $3,500.00 → $2,800.00; LTV:CAC 3.50:1 → 2.80:1.",
        "“LTV:CAC stays above 3.00:1”: met → not met. After rewards: Self-serve 2.80:1. The minimum is 3.00:1.",
    ]
    same = ["LTV, LTV:CAC, CAC payback and the guardrails stay as they are."]
    assert differences(told("2.00"), told("2.00", lift="5.00"), "USD") == same
