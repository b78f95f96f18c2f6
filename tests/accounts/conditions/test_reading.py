"""Reading rules: what is accepted comes back equal, what is not is named by its place."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from accounts.conditions.rules.predicate import predicate
from accounts.conditions.rules.reading import BadRule, read_rule, written
from accounts.conditions.rules.tree import Node, facts_of, looks_back
from accounts.conditions.rules.vocabulary import base_vocabulary
from accounts.conditions.rules.words import in_words
from tests.accounts.conditions.any_rule import rules

WORDS = base_vocabulary()
NPS = {"op": "compare", "fact": "nps", "is": ">=", "value": "9"}


@given(rules)
def test_what_is_read_comes_back_equal_and_can_be_said_and_asked(rule: dict[str, Any]) -> None:
    node: Node = read_rule(rule, WORDS)
    assert read_rule(written(node), WORDS) == node
    assert in_words(node, WORDS, "USD")
    asked = predicate(node, WORDS, "p_")
    assert all(f"%({name})s" in asked.sql for name in asked.params)
    assert looks_back(node) >= 0


CHANGED = {"op": "changed", "fact": "mrr", "direction": "up", "by": "1", "as": "amount", "days": 1}
WRONG: list[tuple[Any, str, str]] = [
    ([], "", "object"),
    ({"op": "xor"}, "", "no kind of condition"),
    ({"op": "compare", "fact": "nope", "is": "=", "value": "1"}, "fact", "There is no fact “nope”."),
    ({"op": "compare", "is": "=", "value": "1"}, "fact", "Choose a fact."),
    ({**NPS, "is": "~"}, "is", "Choose how to compare."),
    ({**NPS, "value": "lots"}, "value", "Give a number."),
    ({**NPS, "value": "NaN"}, "value", "Give a number."),
    ({**NPS, "value": "Infinity"}, "value", "Give a number."),
    ({**NPS, "value": True}, "value", "Give a number."),
    ({**NPS, "value": "1e400"}, "value", "at most 15 digits"),
    ({**NPS, "value": "0.0000001"}, "value", "6 decimals"),
    ({"op": "compare", "fact": "plan_segment", "is": ">", "value": "enterprise"}, "is", "no more or less"),
    ({"op": "compare", "fact": "plan_segment", "is": "=", "value": "gold"}, "value", "never “gold”"),
    ({"op": "compare", "fact": "cancellation_intent", "is": "=", "value": "yes"}, "value", "yes or no"),
    ({"op": "compare", "fact": "renews_on", "is": ">", "value": "tomorrow"}, "value", "Give a day"),
    ({"op": "compare", "fact": "milestones", "is": "=", "value": "a"}, "op", "is a set"),
    ({"op": "between", "fact": "nps", "low": "9", "high": "3"}, "high", "below the lower"),
    ({"op": "between", "fact": "plan_segment", "low": "a", "high": "b"}, "op", "no range"),
    ({"op": "in", "fact": "nps", "values": ["1"]}, "op", "no word"),
    ({"op": "in", "fact": "plan_segment", "values": []}, "values", "at least one"),
    ({"op": "has", "fact": "nps", "values": ["a"]}, "op", "holds nothing"),
    ({"op": "has", "fact": "milestones", "how": "some", "values": ["a"]}, "how", "any, all or none"),
    ({"op": "next_days", "fact": "nps", "days": 3}, "op", "is no day"),
    ({"op": "next_days", "fact": "renews_on", "days": 0}, "days", "whole number"),
    ({**CHANGED, "fact": "plan_segment"}, "op", "number"),
    ({**CHANGED, "by": "-1"}, "by", "more than nothing"),
    ({**CHANGED, "direction": "sideways"}, "", "up or down"),
    ({"op": "within", "days": 731, "item": NPS}, "days", "1 to 730"),
    ({"op": "and", "items": [NPS, {"op": "or", "items": []}]}, "items.1", "empty"),
    ({"op": "and", "items": [NPS, {"op": "not", "item": {**NPS, "value": ""}}]}, "items.1.item.value", "Give a number"),
]


@pytest.mark.parametrize(("rule", "place", "says"), WRONG)
def test_what_is_wrong_is_named_by_its_place(rule: Any, place: str, says: str) -> None:
    with pytest.raises(BadRule) as refused:
        read_rule(rule, WORDS)

    assert [f.place for f in refused.value.faults] == [place]
    assert says in refused.value.faults[0].says


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(BadRule) as refused:
        read_rule({"op": "and", "items": [{**NPS, "value": ""}, {"op": "compare"}]}, WORDS)

    assert [f.place for f in refused.value.faults] == ["items.0.value", "items.1.fact"]


def test_depth_and_size_end_somewhere() -> None:
    deep: dict[str, Any] = NPS
    for _ in range(7):
        deep = {"op": "not", "item": deep}
    for rule in (deep, {"op": "and", "items": [NPS] * 60}):
        with pytest.raises(BadRule, match="at most"):
            read_rule(rule, WORDS)


INTENT = {"op": "compare", "fact": "cancellation_intent", "is": "=", "value": True}


def test_a_rule_in_words() -> None:
    rule = {
        "op": "and",
        "items": [
            {"op": "compare", "fact": "seat_utilisation", "is": ">=", "value": "0.9"},
            {"op": "or", "items": [NPS, {"op": "unknown", "fact": "nps"}]},
            {"op": "not", "item": {"op": "in", "fact": "plan_segment", "values": ["enterprise", "self_serve"]}},
            {"op": "changed", "fact": "arr", "direction": "up", "by": "10", "as": "percent", "days": 365},
            {"op": "within", "days": 14, "item": INTENT},
        ],
    }
    node = read_rule(rule, WORDS)

    assert in_words(node, WORDS, "USD").replace("\N{NO-BREAK SPACE}", " ") == (
        "Seat utilisation is at least 90.0 % and (NPS is at least 9 or NPS is unknown) and not Plan segment is "
        "enterprise or self-serve and ARR went up by at least 10.0 % in 365 days and on one of the last 14 days: "
        "Cancellation intent is yes"
    )
    assert facts_of(node) == ["seat_utilisation", "nps", "plan_segment", "arr", "cancellation_intent"]
    assert looks_back(node) == 365


def test_numbers_keep_their_exact_value() -> None:
    node = read_rule({**NPS, "value": "9.10"}, WORDS)

    assert written(node)["value"] == "9.1"
    assert node == read_rule({**NPS, "value": Decimal("9.1")}, WORDS)
