"""What a rule of the matrix may say, as tables."""

from typing import Any

import pytest

from loyalty.core.errors import DomainError
from loyalty.core.people.rules import Function
from rewards.catalogue.rules import KINDS
from rewards.fit.rules import clean_values, owner_of_kinds, terms_of
from rewards.fit.shipped import SHIPPED
from rewards.fit.verbs import EMPTY

WORDS = [
    "Self-serve: referral credit, annual-conversion credit, premium feature pass or onboarding upgrade fits",
    "Self-serve: no executive sponsor and nothing that people hand over",
    "Mid-market: renewal credit or discount of 5.0 % to 15.0 % fits",
    "Mid-market: optimisation workshop or priority support fits",
    "Mid-market: no renewal credit or discount above 15.0 % of a year’s worth",
    "Enterprise: sandbox environment, premium SLA, roadmap session or executive sponsor fits",
    "Enterprise: no discount or annual-plan offer before a status reward has been offered",
    "Monthly billing: annual-conversion credit or annual-plan offer fits",
    "Monthly billing: no renewal credit",
    "Multi-year: growth rebate fits",
    "Multi-year: no annual-conversion credit",
]


def test_the_shipped_matrix_in_words() -> None:
    said = []
    for contract, verdict, terms in SHIPPED:
        values = clean_values(verdict.value, EMPTY, terms)
        assert clean_values(verdict.value, values, values) == values
        said.append(terms_of(contract, verdict, values).in_words().replace("\N{NO-BREAK SPACE}", " "))

    assert said == WORDS


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("fits", {"kinds": []}, "at least one kind"),
    ("unfit", {"kinds": []}, "at least one kind"),
    ("fits", {"kinds": ["gold bars"]}, "from the list"),
    ("fits", {"kinds": "badge"}, "from the list"),
    ("fits", {"kinds": ["badge"], "percent_from": "5"}, "both ends"),
    ("fits", {"kinds": ["badge"], "percent_from": "15", "percent_to": "5"}, "below where it begins"),
    ("fits", {"kinds": ["badge"], "above_percent": "5"}, "conditions are for"),
    ("fits", {"kinds": ["badge"], "by_hand": True}, "conditions are for"),
    ("unfit", {"kinds": ["badge"], "percent_from": "5", "percent_to": "6"}, "A range is for what fits"),
    ("unfit", {"kinds": ["badge"], "above_percent": "0"}, "Only above: a per cent"),
    ("unfit", {"kinds": ["badge"], "above_percent": "NaN"}, "Only above: a per cent"),
    ("unfit", {"kinds": ["badge"], "above_percent": "5.005"}, "two decimals"),
]


@pytest.mark.parametrize(("verdict", "edit", "says"), WRONG)
def test_what_makes_no_sense_is_refused_in_words(verdict: str, edit: dict[str, Any], says: str) -> None:
    with pytest.raises(DomainError, match=says):
        clean_values(verdict, EMPTY, edit)


def test_a_rule_belongs_to_the_owner_of_its_rewards() -> None:
    assert owner_of_kinds(["renewal_credit", "discount"]) is Function.FINANCE
    assert owner_of_kinds(["feature_pass"]) is Function.PRODUCT
    assert owner_of_kinds(["renewal_credit", "badge"]) is Function.CS
    assert owner_of_kinds([]) is Function.CS
    assert all(kind in KINDS for _, _, terms in SHIPPED for kind in terms["kinds"])
