"""Sorting heads and the states of a subscription."""

from datetime import date

import pytest

from accounts.book.rules import FIRST_CLICK, SORTS, SubscriptionState, direction, next_sort, state_on

S = SubscriptionState
STARTS = date(2026, 1, 10)
ENDS = date(2026, 2, 10)


@pytest.mark.parametrize(
    ("day", "ends_on", "is_trial", "state"),
    [
        (date(2026, 1, 9), None, False, S.AHEAD),
        (date(2026, 1, 10), None, False, S.ACTIVE),
        (date(2026, 1, 10), None, True, S.TRIAL),
        (date(2026, 2, 9), ENDS, False, S.ACTIVE),
        (date(2026, 2, 10), ENDS, False, S.ENDED),
        (date(2026, 2, 10), ENDS, True, S.ENDED),
    ],
)
def test_a_subscription_is_active_from_its_start_until_before_its_end(
    day: date, ends_on: date | None, is_trial: bool, state: SubscriptionState
) -> None:
    assert state_on(day, STARTS, ends_on, is_trial=is_trial) is state


@pytest.mark.parametrize(
    ("column", "now", "then"),
    [("mrr", "name", "-mrr"), ("mrr", "-mrr", "mrr"), ("mrr", "mrr", "-mrr"), ("name", "name", "-name")],
)
def test_a_second_click_turns_the_sort_round(column: str, now: str, then: str) -> None:
    assert next_sort(column, now) == then


def test_every_sort_that_a_head_can_ask_for_exists_and_ends_in_the_id() -> None:
    asked = {next_sort(column, now) for column in FIRST_CLICK for now in SORTS}

    assert asked == set(SORTS)
    assert {fields[-1].lstrip("-") for fields in SORTS.values()} == {"id"}


def test_a_head_says_how_the_list_is_sorted() -> None:
    assert (direction("mrr", "-mrr"), direction("mrr", "mrr"), direction("mrr", "name")) == (
        "descending",
        "ascending",
        "",
    )
