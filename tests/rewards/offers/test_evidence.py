"""The evidence in words, from the data that an offer keeps."""

from typing import Any

import pytest

from accounts.conditions.rules.vocabulary import base_vocabulary
from rewards.offers.evidence import rendered, summary

VOCABULARY = base_vocabulary()
FACTS = {"seats_active": 27, "seats_bought": 30, "arr": 12000.5, "renews_on": "2027-01-13", "seat_utilisation": 0.9}
REACH = {
    "fact": "milestone",
    "name": "First custom report",
    "event": "Custom Report Generated",
    "count": 1,
    "version": 2,
    "at": "2026-11-14T09:05:00+00:00",
    "message": "m-1",
}


def stored(**changes: Any) -> dict[str, Any]:
    return {
        "campaign": "First report",
        "version": 3,
        "kind": "milestone",
        "trigger": "The milestone “First custom report” is reached",
        "currency": "USD",
        "recipient": "champion",
        "step": 1,
        "cause": REACH,
        "day": "2026-11-14",
        "addressed": True,
        "facts": FACTS,
    } | changes


def test_a_milestone_with_all_that_is_known() -> None:
    told = rendered(stored(), VOCABULARY)
    assert told["words"] == [
        "“Custom Report Generated” for the first time, on 14 Nov 2026, 09:05 UTC: "
        "the milestone “First custom report” is reached.",
        "27 of 30 seats active on 14 Nov 2026.",
        "ARR $12,000.50 on 14 Nov 2026.",
        "Renewal on 13 Jan 2027, 60 days away.",
    ]
    assert told["summary"] == "First custom report, 14 Nov 2026"
    assert told["events"] == [
        {"name": "Custom Report Generated", "at": "2026-11-14T09:05:00+00:00", "detail": "message m-1"}
    ]
    assert [(fact["name"], fact["value"], fact["met"]) for fact in told["facts"]] == [
        ("“Custom Report Generated” events", "1", True),
        ("Seats active", "27", None),
        ("Seats bought", "30", None),
        ("ARR", "$12,000.50", None),
        ("Next renewal", "13 Jan 2027", None),
    ]
    assert told["terms"] == [
        {"name": "Campaign", "value": "First report, version 3"},
        {"name": "Trigger", "value": "The milestone “First custom report” is reached"},
        {"name": "Milestone", "value": "First custom report, version 2"},
        {"name": "Addressed to", "value": "the champion"},
    ]


@pytest.mark.parametrize("facts", [None, {}], ids=["no facts at all", "facts, all unknown"])
def test_the_unknown_is_left_out_not_shown_as_zero(facts: dict[str, Any] | None) -> None:
    assert len(rendered(stored(facts=facts), VOCABULARY)["words"]) == 1


def test_an_unknown_fact_says_so_in_the_table() -> None:
    told = rendered(stored(facts={}), VOCABULARY)
    assert [fact["value"] for fact in told["facts"]] == ["1", "unknown", "unknown", "unknown", "unknown"]


@pytest.mark.parametrize(
    ("renews_on", "words"),
    [
        ("2026-11-14", "today"),
        ("2026-11-15", "1 day away"),
        ("2026-11-13", "1 day ago"),
        ("2026-11-04", "10 days ago"),
    ],
)
def test_days_in_words(renews_on: str, words: str) -> None:
    told = rendered(stored(facts={"renews_on": renews_on}), VOCABULARY)
    assert told["words"][-1].endswith(f", {words}.")


CAUSES: list[tuple[dict[str, Any], str, str]] = [
    (REACH | {"count": 3}, "First custom report, 3 times, 14 Nov 2026", "“Custom Report Generated” 3 times, on 14 Nov"),
    (
        {"fact": "streak", "name": "Five days", "length": 5, "from": "2026-11-09", "at": "2026-11-13T10:00:00+00:00"},
        "Five days, 5 in a row, 13 Nov 2026",
        "5 in a row from 9 Nov 2026 on, on 13 Nov 2026: the streak “Five days” is reached.",
    ),
    (
        {"fact": "track", "name": "Power", "length": 8, "from": "2026-09-14", "at": "2026-11-08T10:00:00+00:00"},
        "Power, 8 in a row, 8 Nov 2026",
        "8 in a row from 14 Sep 2026 on, on 8 Nov 2026: the power-user track “Power” is reached.",
    ),
    (
        {"fact": "segment", "name": "At-Risk", "on": "2026-11-14"},
        "Entered At-Risk, 14 Nov 2026",
        "On 14 Nov 2026 the account entered the segment “At-Risk”.",
    ),
    (
        {"fact": "tier", "name": "Gold", "on": "2026-11-14"},
        "Reached Gold, 14 Nov 2026",
        "On 14 Nov 2026 the account reached the tier “Gold”.",
    ),
    (
        {"fact": "referral", "name": "Beta Ltd", "at": "2026-11-14T09:05:00+00:00"},
        "Referred Beta Ltd, 14 Nov 2026",
        "Beta Ltd, which this account referred, paid its first invoice on 14 Nov 2026.",
    ),
    (
        {"fact": "quiz", "at": "2026-11-14T09:05:00+00:00", "contact": 7},
        "Preference quiz completed, 14 Nov 2026",
        "A contact completed the preference quiz on 14 Nov 2026, 09:05 UTC.",
    ),
]


@pytest.mark.parametrize(("cause", "short", "words"), CAUSES, ids=[cause["fact"] for cause, _, _ in CAUSES])
def test_every_cause_is_told(cause: dict[str, Any], short: str, words: str) -> None:
    told = rendered(stored(cause=cause), VOCABULARY)
    assert told["summary"] == summary(stored(cause=cause)) == short
    assert told["words"][0].startswith(words)


def test_a_condition_shows_its_facts_against_their_thresholds() -> None:
    rule = {"op": "or", "items": [
        {"op": "compare", "fact": "days_since_sign_up", "is": ">=", "value": "730"},
        {"op": "compare", "fact": "nps", "is": ">=", "value": "9"},
    ]}  # fmt: skip
    told = rendered(
        stored(
            kind="tenure_or_nps",
            trigger="24 months have passed since sign-up, or NPS is 9 or more",
            cause={"fact": "condition", "on": "2026-11-12"},
            rule=rule,
            audience="Plan segment is enterprise",
            audience_rule={"op": "in", "fact": "plan_segment", "values": ["enterprise"]},
            facts=FACTS | {"nps": 9.0, "days_since_sign_up": 200, "plan_segment": "enterprise"},
            step=2,
        ),
        VOCABULARY,
    )
    assert told["summary"] == "24 months have passed since sign-up, or NPS is 9 or more, since 12 Nov 2026"
    assert "NPS: 9 on 14 Nov 2026." in told["words"]
    rows = {fact["name"]: (fact["value"], fact["threshold"], fact["met"]) for fact in told["facts"]}
    assert rows["NPS"] == ("9", "at least 9", None)
    assert rows["Days since sign-up"] == ("200 days", "at least 730 days", None)
    assert rows["Plan segment"] == ("enterprise", "enterprise", True)
    assert {"name": "Step of the ladder", "value": "2"} in told["terms"]


def test_a_rule_that_can_no_longer_be_read_leaves_the_words() -> None:
    told = rendered(
        stored(
            trigger="It rains",
            cause={"fact": "condition", "on": "2026-11-12"},
            rule={"op": "compare", "fact": "weather", "is": "=", "value": "rain"},
        ),
        VOCABULARY,
    )
    assert told["words"][0] == "It rains, since 12 Nov 2026."


def test_an_older_offer_is_told_as_it_stands() -> None:
    old = {"summary": "s", "words": ["w"], "facts": [], "terms": [], "events": []}
    assert rendered(old, VOCABULARY) == old
    assert summary(old) == "s"
