"""Reading ladders, and the order that always holds when a customer would leave."""

from typing import Any

import pytest

from accounts.conditions.rules.reading import Fault
from rewards.campaigns.rules.ladder import LadderStep, read_ladder
from rewards.campaigns.rules.terms import ladder_in_words
from rewards.campaigns.rules.trigger import TriggerKind

KINDS = {
    "recap": "value_recap",
    "pause": "pause_or_skip",
    "downgrade": "downgrade_path",
    "credit": "service_credit",
    "discount": "discount",
    "pass": "feature_pass",
}


def read(*rewards: str, trigger: TriggerKind = TriggerKind.CANCELLATION_INTENT) -> tuple[list[LadderStep], list[Fault]]:
    faults: list[Fault] = []
    raw = [{"reward": reward, "wait_days": 3} for reward in rewards]
    return read_ladder(raw, trigger, KINDS, faults), faults


def test_the_first_step_waits_for_nothing() -> None:
    steps, faults = read("pass", "credit", trigger=TriggerKind.SEGMENT)
    assert faults == []
    assert steps == [LadderStep("pass", 0), LadderStep("credit", 3)]


@pytest.mark.parametrize(
    "ladder",
    [
        ("recap", "pause", "downgrade", "credit", "discount"),
        ("recap", "credit"),
        ("pause", "discount"),
        ("discount",),
    ],
)
def test_a_leaving_customer_in_order(ladder: tuple[str, ...]) -> None:
    steps, faults = read(*ladder)
    assert faults == []
    assert [step.reward for step in steps] == list(ladder)


@pytest.mark.parametrize(
    ("ladder", "says"),
    [
        (
            ("discount", "recap"),
            "On cancellation intent a value recap cannot come after a discount: the order is always"
            " value recap → pause → downgrade path → credit → discount.",
        ),
        (
            ("recap", "credit", "downgrade"),
            "On cancellation intent a downgrade path cannot come after a credit: the order is always"
            " value recap → pause → downgrade path → credit → discount.",
        ),
        (
            ("recap", "pass"),
            "On cancellation intent this reward has no place. The order is always"
            " value recap → pause → downgrade path → credit → discount.",
        ),
    ],
)
def test_another_order_is_refused_in_words(ladder: tuple[str, ...], says: str) -> None:
    _, faults = read(*ladder)
    assert [(fault.place, fault.says) for fault in faults] == [(f"ladder.{len(ladder) - 1}.reward", says)]


def test_a_step_may_say_by_when_it_is_answered() -> None:
    faults: list[Fault] = []
    raw = [{"reward": "recap", "answer_days": "3"}, {"reward": "pause", "wait_days": "1", "answer_days": ""}]
    steps = read_ladder(raw, TriggerKind.CANCELLATION_INTENT, KINDS, faults)
    assert faults == []
    assert [step.written for step in steps] == [
        {"reward": "recap", "wait_days": 0, "answer_days": 3},
        {"reward": "pause", "wait_days": 1},
    ]
    names = {"recap": "Value recap", "pause": "Pause"}
    told = ladder_in_words([step.written for step in steps], names)
    assert told == "Value recap (to be answered within 3 days), then after 1 day Pause"


def test_the_order_binds_no_other_trigger() -> None:
    _, faults = read("discount", "recap", "pass", trigger=TriggerKind.RENEWAL_WINDOW)
    assert faults == []


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ([], "ladder"),
        (None, "ladder"),
        ([{"reward": "gone"}], "ladder.0.reward"),
        ([{"reward": "pass"}, {"reward": "credit", "wait_days": -1}], "ladder.1.wait_days"),
        ([{"reward": "pass", "answer_days": 0}], "ladder.0.answer_days"),
        ([{"reward": "pass", "answer_days": "soon"}], "ladder.0.answer_days"),
        ([{"reward": "pass"}, {"reward": "pass"}], "ladder"),
        (["pass"], "ladder.0"),
    ],
)
def test_what_makes_no_ladder(raw: Any, place: str) -> None:
    faults: list[Fault] = []
    read_ladder(raw, TriggerKind.SEGMENT, KINDS, faults)
    assert [fault.place for fault in faults] == [place]
