"""The dated history of a subscription, and from which day a change of it counts."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.records.terms import History, Terms
from tests.accounts.records.by_hand import first_change

SMALL, LARGE = Terms(mrr=Decimal(10)), Terms(mrr=Decimal(20))
START, LATER, LAST = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def history(account: int = 1, starts_on: date = START, **terms: Terms) -> History:
    days = {"start": START, "later": LATER, "last": LAST}
    return History(account, starts_on, {days[name]: told for name, told in terms.items()})


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2025, 12, 31), None), (START, (1, SMALL)), (date(2026, 1, 31), (1, SMALL)), (LATER, (1, LARGE))],
)
def test_a_term_holds_until_the_next(day: date, expected: tuple[int, Terms] | None) -> None:
    assert history(start=SMALL, later=LARGE).on(day) == expected


def test_the_first_term_holds_from_the_start() -> None:
    assert history(later=LARGE).on(START) == (1, LARGE)


@pytest.mark.parametrize(
    ("case", "before", "after", "day"),
    [
        ("new", None, history(start=SMALL), START),
        ("first told of later", None, history(later=SMALL), START),
        ("the same", history(start=SMALL), history(start=SMALL), None),
        ("the same, told again later", history(start=SMALL), history(start=SMALL, later=SMALL), None),
        ("a step", history(start=SMALL), history(start=SMALL, later=LARGE), LATER),
        ("the first term turns out to be later", history(later=LARGE), history(start=SMALL, later=LARGE), START),
        ("between", history(start=SMALL, last=SMALL), history(start=SMALL, later=LARGE, last=SMALL), LATER),
        ("starts later", history(start=SMALL), history(starts_on=LATER, start=SMALL), START),
        ("another account", history(start=SMALL), history(2, start=SMALL), START),
    ],
)
def test_the_first_day_that_differs(case: str, before: History | None, after: History, day: date | None) -> None:
    assert first_change(before, after) == day, case


def test_steps_leave_out_what_did_not_change_or_never_held() -> None:
    ended = Terms(mrr=Decimal(20), ends_on=LAST)
    told = History(
        1, START, {date(2025, 12, 1): LARGE, START: SMALL, date(2026, 1, 9): SMALL, LATER: ended, LAST: ended}
    )

    assert told.steps() == [(START, LATER, SMALL), (LATER, LAST, ended)]


def test_a_life_of_no_day_is_still_told() -> None:
    told = Terms(ends_on=START)

    assert history(start=told).steps() == [(START, START, told)]
