"""Which functions must decide, in which order, once it is known which rules an offer meets: without a database."""

from decimal import Decimal

import pytest

from loyalty.core.errors import DomainError
from loyalty.core.people.rules import Function
from rewards.approvals.required.rules import EMPTY, ApprovalTerms, clean_values, field_in_words, terms_of
from rewards.approvals.rules import Step, open_now, required_steps

F = Function
MONEY = ApprovalTerms(F.FINANCE, above_value=Decimal("250.00"))
SOFT_CAP = ApprovalTerms(F.FINANCE, soft_cap_exceeded=True)
LIMITED = ApprovalTerms(F.PRODUCT, limited_supply=True)
ENTERPRISE = ApprovalTerms(F.CS, plan_segments=("enterprise",), in_sequence=False)
FIRST = ApprovalTerms(F.FINANCE, first_use=True, in_sequence=False)


def steps(owner: Function, *rules: ApprovalTerms) -> list[Step]:
    return required_steps(owner, "First report", rules, value="$300.00", currency="USD", exceeded="Q4")


CASES = [
    ("no rule", F.CS, [], [(F.CS, 1)]),
    ("money", F.CS, [MONEY], [(F.CS, 1), (F.FINANCE, 2)]),
    ("Finance's own campaign", F.FINANCE, [MONEY, SOFT_CAP], [(F.FINANCE, 1)]),
    ("everything at once", F.CS, [MONEY, SOFT_CAP, LIMITED], [(F.CS, 1), (F.PRODUCT, 2), (F.FINANCE, 3)]),
    ("in any order", F.PRODUCT, [ENTERPRISE], [(F.PRODUCT, 1), (F.CS, 1)]),
    ("in any order, then in sequence", F.PRODUCT, [MONEY, ENTERPRISE], [(F.PRODUCT, 1), (F.CS, 1), (F.FINANCE, 2)]),
    ("one rule of two waits", F.CS, [FIRST, MONEY], [(F.CS, 1), (F.FINANCE, 2)]),
    ("all at any time", F.PRODUCT, [FIRST, ENTERPRISE], [(F.PRODUCT, 1), (F.CS, 1), (F.FINANCE, 1)]),
]


@pytest.mark.parametrize(("case", "owner", "rules", "expected"), CASES, ids=[c[0] for c in CASES])
def test_functions_in_order(
    case: str, owner: Function, rules: list[ApprovalTerms], expected: list[tuple[Function, int]]
) -> None:
    assert [(s.function, s.position) for s in steps(owner, *rules)] == expected


def test_the_reason_names_both_figures() -> None:
    assert steps(F.CS, MONEY)[1].why == "$300.00 is above the Finance threshold of $250.00"


def test_two_reasons_make_one_step() -> None:
    assert steps(F.CS, MONEY, SOFT_CAP)[1].why == (
        "$300.00 is above the Finance threshold of $250.00 and the soft cap “Q4” would be exceeded"
    )


@pytest.mark.parametrize(
    ("waiting", "turn"),
    [
        ([], []),
        ([(1, "cs"), (2, "finance")], ["cs"]),
        ([(1, "cs"), (1, "product"), (2, "finance")], ["cs", "product"]),
        ([(2, "finance")], ["finance"]),
    ],
)
def test_whose_turn_it_is(waiting: list[tuple[int, str]], turn: list[str]) -> None:
    assert open_now(waiting) == turn


def test_a_rule_says_what_it_asks_for() -> None:
    both = ApprovalTerms(F.FINANCE, above_value=Decimal(100), kinds=("discount", "service_credit"), first_use=True)
    assert both.in_words("USD") == (
        "Finance approves, after those before it, when the money value is above $100.00 and the reward is"
        " discount or service credit and nothing of the campaign was granted before."
    )
    assert ENTERPRISE.in_words("USD") == ("Customer Success approves, in any order, when the account is enterprise.")


WRONG = [
    ({"name": "x"}, "Say when the function must approve"),
    ({"name": "", "first_use": True}, "1 to 120 characters"),
    ({"name": "x", "above_value": "1.001"}, "in whole cents"),
    ({"name": "x", "above_value": "NaN"}, "in whole cents"),
    ({"name": "x", "above_value": "-1"}, "in whole cents"),
    ({"name": "x", "kinds": ["gold"]}, "Choose kinds of reward"),
    ({"name": "x", "plan_segments": "enterprise"}, "Choose plan segments"),
]


@pytest.mark.parametrize(("values", "words"), WRONG)
def test_values_that_make_no_sense(values: dict[str, object], words: str) -> None:
    with pytest.raises(DomainError, match=words):
        clean_values(EMPTY, values)


def test_cleaned_values_are_those_of_the_terms() -> None:
    cleaned = clean_values(EMPTY, {"name": " Big  money ", "above_value": "100", "kinds": ["discount", "discount"]})
    assert (cleaned["name"], cleaned["above_value"], cleaned["kinds"]) == ("Big money", "100.00", ["discount"])
    assert terms_of("finance", cleaned) == ApprovalTerms(F.FINANCE, above_value=Decimal(100), kinds=("discount",))
    told = {field: field_in_words(field, value, "USD") for field, value in cleaned.items()}
    assert told["above_value"] == "$100.00"
    assert told["in_sequence"] == "after those before it"
    assert told["plan_segments"] == "no condition"
