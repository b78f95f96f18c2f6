"""The draft of a rule: what was typed, as JSON and back, and what each step does to it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.conditions.rules.draft import Block, Line, Part, Path, Wrap, draft_of, json_of
from accounts.conditions.rules.reading import BadRule, read_rule
from accounts.conditions.rules.steps import can_move, part_at, take_step
from tests.accounts.conditions.any_rule import NPS, WORDS, rules

A, B, C = Line(fact="mrr"), Line(fact="nps"), Line(fact="arr")


@given(rules)
def test_a_rule_comes_out_of_its_draft_as_it_went_in(rule: dict[str, Any]) -> None:
    raw, _ = json_of(draft_of(rule, WORDS), WORDS)
    assert read_rule(raw, WORDS) == read_rule(rule, WORDS)


PER_CENT = [
    ("0.9", "90"),
    ("1", "100"),
    ("0", "0"),
    ("0.305", "30.5"),
    ("0.000001", "0.0001"),
    ("-0.25", "-25"),
    ("123456789012345", "12345678901234500"),
    ("abc", "abc"),
    ("", ""),
    ("1e400", "1e400"),
    ("NaN", "NaN"),
]


@pytest.mark.parametrize(("kept", "typed"), PER_CENT)
def test_a_ratio_is_typed_as_per_cent(kept: str, typed: str) -> None:
    rule = {"op": "compare", "fact": "seat_utilisation", "is": ">=", "value": kept}
    draft = draft_of(rule, WORDS)
    assert draft == Block(items=(Line("seat_utilisation", ">=", typed),), is_bare=True)
    assert json_of(draft, WORDS)[0] == rule


@pytest.mark.parametrize(
    ("typed", "kept"), [("90 %", "0.9"), ("1,000", "10"), (" 5 ", "0.05"), ("5 percent", "5 percent")]
)
def test_per_cent_is_understood_as_people_type_it(typed: str, kept: str) -> None:
    draft = Block(items=(Line("seat_utilisation", "<", typed),))
    assert json_of(draft, WORDS)[0]["items"][0]["value"] == kept


@given(rules)
def test_every_fault_has_its_field(rule: dict[str, Any]) -> None:
    """Emptied of all that was typed, a rule has faults, and each stands at a part that is there."""
    draft = _emptied(draft_of(rule, WORDS))
    raw, places = json_of(draft, WORDS)
    try:
        read_rule(raw, WORDS)
    except BadRule as bad:
        for fault in bad.faults:
            path, field = places[fault.place]
            part = part_at(draft, path)
            assert part is not None
            assert field == "" or field.startswith("wrap") or isinstance(part, Line)


def _emptied(part: Part) -> Any:
    wraps = tuple(Wrap(wrap.op) for wrap in part.wraps)
    if isinstance(part, Block):
        return Block(part.joins, tuple(_emptied(item) for item in part.items), wraps, part.is_bare)
    return Line(part.fact, part.how, wraps=wraps)


@pytest.mark.parametrize("raw", [None, [], {}, {"op": "xor"}, {"op": "and", "items": [3]}, {"op": "not"}, {"op": "in"}])
def test_what_cannot_be_understood_becomes_a_condition_to_fill_in(raw: Any) -> None:
    draft = draft_of(raw, WORDS)
    with pytest.raises(BadRule, match="Choose a fact."):
        read_rule(json_of(draft, WORDS)[0], WORDS)


def block(*items: Part, joins: str = "and") -> Block:
    return Block(joins, items)


STEPS: list[tuple[str, Block, str, Path, Block, Path]] = [
    ("a condition is added at the end", block(A), "add", (), block(A, Line()), (1,)),
    ("… of the group it was asked of", block(A, block(B)), "add", (1,), block(A, block(B, Line())), (1, 1)),
    ("a group joins otherwise", block(A), "group", (), block(A, block(Line(), joins="or")), (1, 0)),
    ("a part goes, and its neighbour is next", block(A, B, C), "remove", (1,), block(A, C), (1,)),
    ("the last part goes", block(A, B), "remove", (1,), block(A), (0,)),
    ("the only part of a group goes", block(block(A)), "remove", (0, 0), block(block()), (0,)),
    ("up past a condition", block(A, B), "up", (1,), block(B, A), (0,)),
    ("up past a group is into its end", block(block(A), B), "up", (1,), block(block(A, B)), (0, 1)),
    ("up from the first place is out before it", block(A, block(B, C)), "up", (1, 0), block(A, B, block(C)), (1,)),
    ("down past a condition", block(A, B), "down", (0,), block(B, A), (1,)),
    ("down past a group is into its start", block(A, block(B)), "down", (0,), block(block(A, B)), (0, 0)),
    ("down from the last place is out after it", block(block(A, B), C), "down", (0, 1), block(block(A), B, C), (1,)),
    ("not is put before", block(A), "negate", (0,), block(Line("mrr", wraps=(Wrap("not"),))), (0,)),
    ("not twice is taken away", block(Line("mrr", wraps=(Wrap("not"),))), "negate", (0,), block(A), (0,)),
    ("last days", block(A), "within", (0,), block(Line("mrr", wraps=(Wrap("within", "14"),))), (0,)),
    (
        "a wrap is taken away by its number",
        block(Line("mrr", wraps=(Wrap("not"), Wrap("within", "9")))),
        "unwrap1",
        (0,),
        block(Line("mrr", wraps=(Wrap("not"),))),
        (0,),
    ),
    ("the whole can be turned round", block(A), "negate", (), Block("and", (A,), (Wrap("not"),)), ()),
]  # fmt: skip


@pytest.mark.parametrize(("told", "before", "name", "path", "after", "at"), STEPS, ids=[s[0] for s in STEPS])
def test_a_step(told: str, before: Block, name: str, path: Path, after: Block, at: Path) -> None:
    step = take_step(before, name, path)
    assert (step.draft, step.at) == (after, at)
    assert step.said


NO_STEPS: list[tuple[Block, str, Path]] = [
    (block(A), "up", (0,)),
    (block(A), "down", (0,)),
    (block(A), "remove", ()),
    (block(A), "remove", (4,)),
    (block(A), "add", (0,)),
    (block(A), "add", (0, 0, 0)),
    (block(A), "unwrap0", (0,)),
    (block(A), "nonsense", (0,)),
    (Block("and", (A,), (Wrap("within", "1"),) * 6), "within", ()),
]


@pytest.mark.parametrize(("before", "name", "path"), NO_STEPS)
def test_a_step_that_has_no_place_changes_nothing(before: Block, name: str, path: Path) -> None:
    step = take_step(before, name, path)
    assert step.draft == before
    assert step.said == ""


@given(rules, st.data())
def test_moving_there_and_back_changes_nothing_and_loses_nothing(rule: dict[str, Any], data: st.DataObject) -> None:
    draft = draft_of({"op": "and", "items": [rule, NPS]}, WORDS)
    path = data.draw(st.sampled_from(sorted(_paths(draft)))) if _paths(draft) else ()
    way, back = data.draw(st.sampled_from([("up", "down"), ("down", "up")]))
    there = take_step(draft, way, path)
    assert bool(there.said) == can_move(draft, path, way)
    assert sorted(map(repr, _lines(there.draft))) == sorted(map(repr, _lines(draft)))
    if there.said:
        assert part_at(there.draft, there.at) == part_at(draft, path)
        assert take_step(there.draft, back, there.at).draft == draft


def _paths(part: Part, at: Path = ()) -> list[Path]:
    if not isinstance(part, Block):
        return [at]
    below = [path for n, item in enumerate(part.items) for path in _paths(item, (*at, n))]
    return [at, *below] if at else below


def _lines(part: Part) -> list[Line]:
    return [part] if isinstance(part, Line) else [line for item in part.items for line in _lines(item)]
