"""Which functions must decide: the whole table, without a database."""

from decimal import Decimal

import pytest

from loyalty.core.people.rules import Function
from rewards.approvals.rules import OfferToApprove, required_steps

F = Function
THRESHOLD = Decimal("250.00")


def offer(**changes: object) -> OfferToApprove:
    usual = {
        "owner": F.CS,
        "campaign_name": "First custom report",
        "discount_equivalent": Decimal("300.00"),
        "currency": "USD",
        "has_money_value": True,
        "is_limited_feature": False,
    }
    return OfferToApprove(**(usual | changes))  # type: ignore[arg-type]


CASES = [
    ("over the threshold", offer(), [F.CS, F.FINANCE]),
    ("exactly at the threshold", offer(discount_equivalent=Decimal("250.00")), [F.CS]),
    ("a cent over", offer(discount_equivalent=Decimal("250.01")), [F.CS, F.FINANCE]),
    ("worth much, but no money", offer(has_money_value=False), [F.CS]),
    ("a limited feature", offer(has_money_value=False, is_limited_feature=True), [F.CS, F.PRODUCT]),
    (
        "a limited feature of Product",
        offer(owner=F.PRODUCT, has_money_value=False, is_limited_feature=True),
        [F.PRODUCT],
    ),
    ("Finance's own campaign", offer(owner=F.FINANCE), [F.FINANCE]),
    ("a soft cap exceeded", offer(discount_equivalent=Decimal("10.00"), exceeded_soft_cap="Q4"), [F.CS, F.FINANCE]),
    ("everything at once", offer(is_limited_feature=True, exceeded_soft_cap="Q4"), [F.CS, F.PRODUCT, F.FINANCE]),
]


@pytest.mark.parametrize(("case", "given", "expected"), CASES, ids=[c[0] for c in CASES])
def test_functions_in_order(case: str, given: OfferToApprove, expected: list[Function]) -> None:
    assert [s.function for s in required_steps(given, finance_threshold=THRESHOLD)] == expected


def test_the_reason_names_both_figures() -> None:
    _, finance = required_steps(offer(), finance_threshold=THRESHOLD)
    assert finance.why == "$300.00 is above the Finance threshold of $250.00"


def test_two_reasons_make_one_step() -> None:
    steps = required_steps(offer(exceeded_soft_cap="Fourth quarter"), finance_threshold=THRESHOLD)
    assert steps[-1].why == (
        "$300.00 is above the Finance threshold of $250.00 and the soft cap “Fourth quarter” would be exceeded"
    )
