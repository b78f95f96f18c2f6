"""What a reward may be, as tables."""

from typing import Any

import pytest

from loyalty.core.errors import DomainError
from loyalty.core.people.rules import Function
from rewards.catalogue.rules import (
    KINDS,
    MONEY,
    NATURE_WORDS,
    Nature,
    clean_values,
    discount_warning,
    owner_of_kind,
    value_in_words,
)
from rewards.catalogue.shipped import SHIPPED
from rewards.catalogue.verbs import EMPTY

NOW: dict[str, Any] = {**EMPTY, "name": "Credit", "delivery": "automatic", "accounting": "liability"}


def test_every_kind_is_shipped_once_and_every_nature_has_words() -> None:
    assert sorted({kind for _, kind, *_ in SHIPPED}) == sorted(KINDS)
    assert len({key for key, *_ in SHIPPED}) == len(SHIPPED)
    assert set(NATURE_WORDS) == set(Nature)


OWNERS = {
    "service_credit": Function.FINANCE,
    "discount": Function.FINANCE,
    "feature_pass": Function.PRODUCT,
    "extra_seats": Function.PRODUCT,
    "advanced_training": Function.PRODUCT,
    "optimisation_workshop": Function.CS,
    "roadmap_session": Function.CS,
    "value_recap": Function.CS,
}


@pytest.mark.parametrize(("kind", "owner"), OWNERS.items())
def test_who_owns_a_kind(kind: str, owner: Function) -> None:
    assert owner_of_kind(kind) is owner


def test_all_that_has_money_value_is_finances() -> None:
    assert {owner_of_kind(k) for k, kind in KINDS.items() if kind.nature in MONEY} == {Function.FINANCE}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "needs a name"),
    ({"description": "x" * 501}, "at most 500"),
    ({"value_basis": "magic"}, "Choose what the value is"),
    ({"face_value": "0.00"}, "has a value"),
    ({"face_value": "1.005"}, "whole cents"),
    ({"face_value": "-1"}, "Face value: give an amount"),
    ({"face_value": "NaN"}, "Face value: give an amount"),
    ({"face_value": "1e30"}, "Face value: give an amount"),
    ({"marginal_cost": "lots"}, "Cost to us: give an amount"),
    ({"value_basis": "percent_of_arr", "percent": None}, "per cent lies above 0"),
    ({"value_basis": "percent_of_arr", "percent": "0"}, "per cent lies above 0"),
    ({"value_basis": "percent_of_arr", "percent": "100.01"}, "per cent lies above 0"),
    ({"value_basis": "percent_of_arr", "percent": "3.005"}, "two decimals"),
    ({"delivery": "pigeon"}, "who hands it over"),
    ({"validity_days": 0}, "from 1 to 3,650"),
    ({"validity_days": True}, "from 1 to 3,650"),
    ({"supply_limit": 0}, "The supply"),
    ({"accounting": "creative"}, "how the books treat it"),
    ({"status": "gone"}, "Choose the status"),
]


@pytest.mark.parametrize(("edit", "says"), WRONG)
def test_what_makes_no_sense_is_refused_in_words(edit: dict[str, Any], says: str) -> None:
    with pytest.raises(DomainError, match=says):
        clean_values("service_credit", NOW, {"face_value": "10.00", **edit})


def test_a_reward_that_was_live_never_becomes_a_draft_again() -> None:
    with pytest.raises(DomainError, match="retire it"):
        clean_values("service_credit", {**NOW, "status": "live"}, {"face_value": "10.00", "status": "draft"})


def test_a_share_of_an_accounts_money_has_no_amounts_of_its_own() -> None:
    cleaned = clean_values(
        "renewal_credit", NOW, {"value_basis": "percent_of_renewal", "percent": "5", "face_value": "3.00"}
    )

    assert cleaned["percent"] == "5.00"
    assert {cleaned[name] for name in ("face_value", "marginal_cost", "discount_equivalent")} == {"0.00"}


def test_cleaning_twice_is_cleaning_once() -> None:
    once = clean_values("service_credit", NOW, {"face_value": "10", "supply_limit": ""})

    assert clean_values("service_credit", once, once) == once
    assert once["supply_limit"] is None


def test_a_value_in_words() -> None:
    share = value_in_words("percent_of_renewal", NOW["face_value"], None, "USD")
    assert share == "0.0\N{NO-BREAK SPACE}% of the renewal"


DISCOUNTS = [
    ("discount", ["badge", "feature_pass"], "badge"),
    ("annual_plan_offer", ["service_credit"], "service credit"),
    ("discount", ["feature_pass", "discount"], None),
    ("service_credit", ["badge"], None),
]


@pytest.mark.parametrize(("kind", "fitting", "named"), DISCOUNTS)
def test_a_discount_warns_where_something_better_fits(kind: str, fitting: list[str], named: str | None) -> None:
    warning = discount_warning(kind, fitting)

    assert (warning is None) if named is None else (warning is not None and named in warning)
