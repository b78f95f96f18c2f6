"""All triggers: their defaults, their words, their rules, and what is refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from accounts.conditions.rules.reading import Fault
from accounts.conditions.rules.vocabulary import base_vocabulary
from accounts.conditions.rules.words import in_words
from accounts.sources.rules import Kind
from rewards.campaigns.growth import growth_facts
from rewards.campaigns.rules.parameters import read_parameters
from rewards.campaigns.rules.terms import condition_of, needs_of, trigger_in_words
from rewards.campaigns.rules.trigger import Condition, TriggerKind
from rewards.campaigns.rules.triggers import TRIGGERS

K = TriggerKind
NAMES = {
    "milestone": {"first-report": "First report", "onboarding-completed": "Onboarding completed"},
    "streak": {"five-days": "Five days"},
    "track": {"power": "Power users"},
    "tier": {"gold": "Gold"},
    "segment": {"at-risk": "At-Risk"},
}
VOCABULARY = base_vocabulary() | {fact.name: fact for fact in growth_facts()}

# Kind, what is given, the trigger in words, and the rule of a condition in words.
CASES: list[tuple[TriggerKind, dict[str, Any], str, str]] = [
    (K.MILESTONE, {"milestone": "first-report"}, "The milestone “First report” is reached", ""),
    (K.STREAK, {"streak": "five-days"}, "The streak “Five days” is reached", ""),
    (K.TRACK, {"track": "power"}, "The power-user track “Power users” is reached", ""),
    (K.TIER, {"tier": "gold"}, "The tier “Gold” is reached", ""),
    (K.TIER, {}, "A tier is reached", ""),
    (K.SEGMENT, {"segment": "at-risk"}, "The segment “At-Risk” is entered", ""),
    (K.RENEWAL_PAID, {}, "The invoice of a renewal is paid", ""),
    (
        K.RENEWAL_WINDOW,
        {},
        "The contract ends or renews within 60 days",
        "Days to renewal is from 0 days to 60 days",
    ),
    (
        K.SEAT_UTILISATION,
        {},
        "At least 90 % of the seats bought are active",
        "Seat utilisation is at least 90.0\N{NO-BREAK SPACE}%",
    ),
    (
        K.CANCELLATION_INTENT,
        {},
        "Product or billing tells that the account is about to cancel",
        "Cancellation intent is yes",
    ),
    (
        K.PAID_MONTHS,
        {},
        "3 months are paid on monthly billing",
        "Billing is monthly and Paid months is at least 3 months",
    ),
    (
        K.TENURE_OR_NPS,
        {},
        "24 months have passed since sign-up, or NPS is 9 or more",
        "Days since sign-up is at least 730 days or NPS is at least 9",
    ),
    (
        K.DAYS_SINCE_SIGN_UP,
        {"onboarded": "no"},
        "30 days have passed since sign-up, and “Onboarding completed” was not reached",
        "Days since sign-up is at least 30 days and Days since sign-up is below 37 days"
        " and Milestones has none of “onboarding-completed”",
    ),
    (
        K.MULTI_YEAR_GROWTH,
        {},
        "ARR on a multi-year contract is up 10 % or more in a year",
        "Billing is multi-year and ARR growth in a year is at least 10.0\N{NO-BREAK SPACE}%",
    ),
    (K.REFERRAL, {}, "A referred account pays its first invoice", ""),
    (K.QUIZ, {}, "A contact completes the preference quiz, once per contact", ""),
]


def read(kind: TriggerKind, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    faults: list[Fault] = []
    values = read_parameters(TRIGGERS[kind].parameters, given, NAMES, faults)
    return {"kind": kind.value, **values}, faults


def test_every_trigger_of_the_product_is_there() -> None:
    assert list(TRIGGERS) == list(TriggerKind)
    assert len(TRIGGERS) == 15
    assert {kind for kind, *_ in CASES} == set(TriggerKind)


@pytest.mark.parametrize(("kind", "given", "words", "rule"), CASES, ids=lambda x: x if isinstance(x, str) else None)
def test_defaults_words_and_rule(kind: TriggerKind, given: dict[str, Any], words: str, rule: str) -> None:
    trigger, faults = read(kind, given)
    assert faults == []
    assert trigger_in_words(trigger, NAMES) == words
    node = condition_of(trigger)
    assert (in_words(node, VOCABULARY, "USD") if node is not None else "") == rule
    assert isinstance(TRIGGERS[kind], Condition) is (node is not None)


@pytest.mark.parametrize(
    ("kind", "given", "place"),
    [
        (K.MILESTONE, {}, "trigger.milestone"),
        (K.MILESTONE, {"milestone": "nothing"}, "trigger.milestone"),
        (K.RENEWAL_WINDOW, {"days": 0}, "trigger.days"),
        (K.RENEWAL_WINDOW, {"days": "soon"}, "trigger.days"),
        (K.RENEWAL_WINDOW, {"days": True}, "trigger.days"),
        (K.TENURE_OR_NPS, {"nps": 11}, "trigger.nps"),
        (K.DAYS_SINCE_SIGN_UP, {"onboarded": "perhaps"}, "trigger.onboarded"),
        (K.QUIZ, {"contact": 1}, "trigger.contact"),
    ],
)
def test_what_makes_no_sense_is_named_by_its_place(kind: TriggerKind, given: dict[str, Any], place: str) -> None:
    _, faults = read(kind, given)
    assert [fault.place for fault in faults] == [place]


def test_a_campaign_needs_what_its_trigger_and_its_audience_stand_on() -> None:
    from accounts.conditions.rules.tree import EVERYBODY, Compare, Sign

    trigger, _ = read(K.RENEWAL_WINDOW, {})
    assert needs_of(trigger, EVERYBODY, VOCABULARY) == {Kind.SUBSCRIPTION}
    audience = Compare("nps", Sign.LESS, 7)  # type: ignore[arg-type]
    assert needs_of(trigger, audience, VOCABULARY) == {Kind.SUBSCRIPTION, Kind.FEEDBACK}
