"""What a scheme of tiers may say, and what it earns, as tables."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.tiers.rules import SHIPPED, clean_values, field_in_words, scheme_of
from loyalty.core.errors import DomainError

SCHEME = scheme_of(SHIPPED)
EARNED = [
    (None, None), (0, ""), (1, "silver"), (25, "silver"), (26, "gold"), (100, "gold"), (101, "platinum"),
    (10**6, "platinum"),
]  # fmt: skip


@pytest.mark.parametrize(("seats", "tier"), EARNED)
def test_exactly_100_seats_is_gold(seats: int | None, tier: str | None) -> None:
    assert SCHEME.earned(seats) == tier


def test_ranges_and_ranks_in_words() -> None:
    assert [SCHEME.range_of(key) for key in SCHEME.order] == ["1–25", "26–100", "101 or more"]
    assert [SCHEME.rank(key) for key in ("silver", "platinum", "tin", None)] == [1, 3, 0, 0]
    assert SCHEME.downgrade_words() == "An account that no longer earns its tier keeps it for 90 days."
    weighed = scheme_of(clean_values(SHIPPED, {"metric": "gigabytes_30", "policy": "renewal"}))
    assert weighed.range_of("silver") == "1 to below 26"
    assert weighed.downgrade_words().endswith("until its renewal.")
    assert field_in_words("tiers", SHIPPED["tiers"]) == "Silver from 1, Gold from 26, Platinum from 101"


def tiers(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"tiers": [{"key": name.lower(), "name": name, "minimum": minimum} for name, minimum in pairs]}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"metric": "tenure"}, "what tiers are measured by"),
    ({"policy": "never"}, "when an account falls"),
    ({"grace_days": 0}, "from 1 to 365"),
    ({"grace_days": "90"}, "from 1 to 365"),
    ({"tiers": []}, "1 to 8 tiers"),
    (tiers(*[(f"T{n}", str(n + 1)) for n in range(9)]), "1 to 8 tiers"),
    ({"tiers": [{"key": "a", "name": "", "minimum": "1"}]}, "needs a name"),
    ({"tiers": [{"key": "Ä'; --", "name": "A", "minimum": "1"}]}, "needs a name"),
    (tiers(("Silver", "0")), "above 0"),
    (tiers(("Silver", "1.5")), "whole number"),
    (tiers(("Silver", "many")), "above 0"),
    (tiers(("Silver", "NaN")), "above 0"),
    (tiers(("Silver", "1"), ("Gold", "1")), "same value"),
    (tiers(("Silver", "1"), ("silver", "2")), "same name"),
]


@pytest.mark.parametrize(("edit", "says"), WRONG)
def test_what_makes_no_sense_is_refused_in_words(edit: dict[str, Any], says: str) -> None:
    with pytest.raises(DomainError, match=says):
        clean_values(SHIPPED, edit)


def test_tiers_are_kept_in_order_and_cleaning_twice_is_cleaning_once() -> None:
    cleaned = clean_values(SHIPPED, tiers(("Gold", "1,000"), ("Silver", "10")))

    assert [t["key"] for t in cleaned["tiers"]] == ["silver", "gold"]
    assert cleaned["tiers"][1]["minimum"] == "1000"
    assert clean_values(cleaned, cleaned) == cleaned
    assert scheme_of(cleaned).steps[1].minimum == Decimal(1000)
