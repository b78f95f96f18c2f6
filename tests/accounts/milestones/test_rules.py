"""Milestones in words, and what values make sense."""

import pytest

from accounts.milestones.rules import (
    Measured,
    MilestoneTerms,
    clean_values,
    names_in_words,
    status_sentence,
    times_in_words,
    value_in_words,
)
from loyalty.core.errors import DomainError

NOW = {
    "name": "Report",
    "event_name": "Report Generated",
    "count": 1,
    "within_days": None,
    "counts_from": None,
    "status": "live",
}


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (MilestoneTerms("Report", 1, None), "“Report” for the first time"),
        (MilestoneTerms("Report", 2, None), "“Report” 2 times"),
        (MilestoneTerms("Report", 2, 30), "“Report” 2 times, within 30 days of sign-up"),
        (MilestoneTerms("Report", 2, 30, 7, "Onboarded"), "“Report” 2 times, within 30 days of reaching “Onboarded”"),
    ],
)
def test_terms_in_words(terms: MilestoneTerms, words: str) -> None:
    assert terms.in_words() == words


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("within_days", None, "no limit"),
        ("within_days", 30, "30 days"),
        ("count", 1, "once"),
        ("count", 2, "2 times"),
        ("name", "Report", "Report"),
    ],
)
def test_values_in_words(field: str, value: object, words: str) -> None:
    assert value_in_words(field, value) == words


@pytest.mark.parametrize(
    ("names", "total", "words"),
    [
        ([], 0, ""),
        (["A"], 1, "A"),
        (["A", "B"], 2, "A and B"),
        (["A", "B", "C"], 3, "A, B and C"),
        (["A", "B", "C"], 1234, "A, B, C and 1,231 more"),
    ],
)
def test_names(names: list[str], total: int, words: str) -> None:
    assert names_in_words(names, total) == words


@pytest.mark.parametrize(
    ("measured", "times", "sentences"),
    [
        (
            Measured(61, 75, 2, 16, ["A", "B"], ["C", "D", "E"]),
            2,
            [
                "2 times: 61 accounts reached it in the last 365 days, 14 fewer than now.",
                "Adds 2 accounts: A and B.",
                "Drops 16 accounts: C, D, E and 13 more.",
            ],
        ),
        (
            Measured(1, 0, 1, 0, ["A"], []),
            1,
            ["Once: 1 account reached it in the last 365 days, 1 more than now.", "Adds 1 account: A."],
        ),
        (
            Measured(5, 5, 0, 0, [], []),
            1,
            [
                "Once: 5 accounts reached it in the last 365 days, as many as now.",
                "Adds nobody and drops nobody.",
            ],
        ),
        (Measured(1200, None, 0, 0, [], []), 3, ["3 times: 1,200 accounts reached it in the last 365 days."]),
    ],
)
def test_the_impact_in_sentences(measured: Measured, times: int, sentences: list[str]) -> None:
    assert measured.sentences(times_in_words(times)) == sentences


def test_values_are_completed_and_trimmed() -> None:
    assert clean_values(NOW, {"name": " Reports ", "count": 2}) == {**NOW, "name": "Reports", "count": 2}


def test_fields_that_are_not_ours_are_left_out() -> None:
    assert clean_values(NOW, {"key": "other", "version": 9}) == NOW


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"event_name": " "},
        {"count": 0},
        {"count": 1_000_001},
        {"count": "2"},
        {"count": None},
        {"within_days": 0},
        {"within_days": 3651},
        {"status": "paused"},
        {"status": "draft"},
    ],
)
def test_what_makes_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(DomainError):
        clean_values(NOW, wrong)


@pytest.mark.parametrize(
    ("now", "wanted", "begins"),
    [("draft", "live", "Goes live"), ("retired", "live", "Goes live"), ("live", "retired", "Retires it")],
)
def test_a_change_of_status_says_what_it_means(now: str, wanted: str, begins: str) -> None:
    assert str(status_sentence(now, wanted)).startswith(begins)
    assert status_sentence(now, now) is None
