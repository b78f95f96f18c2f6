from typing import Any

import pytest

from accounts.contacts.rules import Names, Use, most_active

JANE = Names(["user-17", "12", "48213", "Jane Roe", "jane@acme.example", ""])


@pytest.mark.parametrize(
    ("uses", "best"),
    [
        ([], None),
        ([Use(1, 0, 0, 0)], None),
        ([Use(1, 2, 9, 1), Use(2, 3, 3, 1)], 2),
        ([Use(1, 2, 8, 1), Use(2, 2, 9, 1)], 2),
        ([Use(2, 2, 9, 1), Use(1, 2, 9, 5)], 1),
    ],
    ids=["nobody", "no use", "key actions", "then events", "then the id"],
)
def test_the_champion_is_who_acts_most(uses: list[Use], best: int | None) -> None:
    found = most_active(uses)
    assert (found.contact_id if found else None) == best


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("user-17", "(erased)"),
        ("12", "(erased)"),
        ("12 of 30 seats", "12 of 30 seats"),
        ("user-170", "user-170"),
        ("user-17-1a2b", "(erased)-1a2b"),
        ("Asked JANE ROE twice", "Asked (erased) twice"),
        ({"to": ["jane@acme.example", 48213, 12, True]}, {"to": ["(erased)", "(erased)", 12, True]}),
        ({"jane@acme.example": 1}, {"(erased)": 1}),
        ({"seats": 12, "note": None}, {"seats": 12, "note": None}),
    ],
)
def test_names_are_struck_out(value: Any, left: Any) -> None:
    assert JANE.struck(value) == left


def test_without_names_nothing_is_struck_out() -> None:
    assert Names([" "]).struck_text("anything") == "anything"
