"""What one can do to a draft: add, remove, move, put `not` or `within` before a part.

Every step takes a draft and gives another, with the path that the work goes on
at and a sentence of what happened. A step that its draft has no place for
changes nothing. Moving goes through the places in reading order: up past a
group is into its end, up from the first place of a group is out before it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from accounts.conditions.rules.draft import Block, Line, Part, Path, Wrap

FIRST_WINDOW = "14"
MOST_WRAPS = 6
"""No part can have more before it: a rule has no more levels."""


@dataclass(frozen=True)
class Step:
    """The draft after a step; `at` and `field` say where to go on, `said` what happened (empty: nothing did)."""

    draft: Block
    at: Path = ()
    field: str = ""
    said: str = ""


def part_at(draft: Block, path: Path) -> Part | None:
    """The part at a path, if there is one."""
    part: Part = draft
    for n in path:
        if not isinstance(part, Block) or not 0 <= n < len(part.items):
            return None
        part = part.items[n]
    return part


def number_of(path: Path) -> str:
    """How people call a place: 1.2 is the second part of the first."""
    return ".".join(str(n + 1) for n in path)


def name_of(part: Part, path: Path) -> str:
    """A part by its kind and number, such as “Condition 1.2”."""
    kind = "Group" if isinstance(part, Block) else "Condition"
    return f"{kind} {number_of(path)}" if path else "The whole rule"


def take_step(draft: Block, name: str, path: Path) -> Step:
    """Do what a button named; an unknown name, or a path that leads nowhere, changes nothing."""
    part, act = part_at(draft, path), STEPS.get(name)
    if act is None or part is None:
        return Step(draft)
    return act(draft, path, part)


def _add(draft: Block, path: Path, part: Part, new: Part, said: str) -> Step:
    if not isinstance(part, Block):
        return Step(draft)
    at = (*path, len(part.items))
    grown = replace(part, items=(*part.items, new), is_bare=False)
    first = (*at, 0) if isinstance(new, Block) else at
    return Step(_put(draft, path, grown), first, "fact", f"{name_of(new, at)} {said}")


def _add_condition(draft: Block, path: Path, part: Part) -> Step:
    return _add(draft, path, part, Line(), "added. Choose its fact.")


def _add_group(draft: Block, path: Path, part: Part) -> Step:
    joins = "or" if isinstance(part, Block) and part.joins == "and" else "and"
    return _add(draft, path, part, Block(joins, (Line(),)), "added, with a condition to fill in.")


def _remove(draft: Block, path: Path, part: Part) -> Step:
    if not path:
        return Step(draft)
    without = _cut(draft, path)
    above = part_at(without, path[:-1])
    left = len(above.items) if isinstance(above, Block) else 0
    said = f"{name_of(part, path)} removed."
    if left:
        return Step(without, (*path[:-1], min(path[-1], left - 1)), "remove", said)
    return Step(without, path[:-1], "add", said)


def _up(draft: Block, path: Path, part: Part) -> Step:
    if not path:
        return Step(draft)
    above, here = path[:-1], path[-1]
    if here == 0:
        return _moved(draft, path, part, above, "up") if above else Step(draft)
    before = part_at(draft, (*above, here - 1))
    into = (*above, here - 1, len(before.items)) if isinstance(before, Block) else (*above, here - 1)
    return _moved(draft, path, part, into, "up")


def _down(draft: Block, path: Path, part: Part) -> Step:
    if not path:
        return Step(draft)
    above, here = path[:-1], path[-1]
    after = part_at(draft, (*above, here + 1))
    if after is None:
        return _moved(draft, path, part, (*above[:-1], above[-1] + 1), "down") if above else Step(draft)
    # The part itself is cut out first, so that what comes after it has moved up to its place.
    into = (*above, here, 0) if isinstance(after, Block) else (*above, here + 1)
    return _moved(draft, path, part, into, "down")


def _moved(draft: Block, path: Path, part: Part, to: Path, way: str) -> Step:
    placed = _insert(_cut(draft, path), to, part)
    return Step(replace(placed, is_bare=False), to, way, f"Moved {way}: now {name_of(part, to).lower()}.")


def _negate(draft: Block, path: Path, part: Part) -> Step:
    if part.wraps and part.wraps[0].op == "not":
        rest = replace(part, wraps=part.wraps[1:])
        return Step(_put(draft, path, rest), path, "negate", f"{name_of(part, path)} no longer says “not”.")
    if len(part.wraps) >= MOST_WRAPS:
        return Step(draft)
    wrapped = replace(part, wraps=(Wrap("not"), *part.wraps))
    return Step(_put(draft, path, wrapped), path, "negate", f"{name_of(part, path)} now says “not”.")


def _look_back(draft: Block, path: Path, part: Part) -> Step:
    if len(part.wraps) >= MOST_WRAPS:
        return Step(draft)
    wrapped = replace(part, wraps=(Wrap("within", FIRST_WINDOW), *part.wraps))
    said = f"{name_of(part, path)} is now asked of the last {FIRST_WINDOW} days. Change the days."
    return Step(_put(draft, path, wrapped), path, "wrap0", said)


def _unwrap(number: int) -> Callable[[Block, Path, Part], Step]:
    def unwrap(draft: Block, path: Path, part: Part) -> Step:
        if number >= len(part.wraps):
            return Step(draft)
        rest = replace(part, wraps=part.wraps[:number] + part.wraps[number + 1 :])
        return Step(_put(draft, path, rest), path, "negate", f"Taken away from {name_of(part, path).lower()}.")

    return unwrap


STEPS: Mapping[str, Callable[[Block, Path, Part], Step]] = {
    "add": _add_condition,
    "group": _add_group,
    "remove": _remove,
    "up": _up,
    "down": _down,
    "negate": _negate,
    "within": _look_back,
    **{f"unwrap{number}": _unwrap(number) for number in range(MOST_WRAPS)},
}


def can_move(draft: Block, path: Path, way: str) -> bool:
    """Whether there is a place above (`up`) or below (`down`)."""
    if not path:
        return False
    at_the_edge = path[-1] == 0 if way == "up" else part_at(draft, (*path[:-1], path[-1] + 1)) is None
    return len(path) > 1 or not at_the_edge


def _put(draft: Block, path: Path, part: Part) -> Block:
    """The draft with another part at a path that is there."""
    if not path:
        return part if isinstance(part, Block) else Block(items=(part,))
    return _at(draft, path, lambda items, n: (*items[:n], part, *items[n + 1 :]))


def _cut(draft: Block, path: Path) -> Block:
    return _at(draft, path, lambda items, n: items[:n] + items[n + 1 :])


def _insert(draft: Block, path: Path, part: Part) -> Block:
    return _at(draft, path, lambda items, n: (*items[:n], part, *items[n:]))


def _at(draft: Block, path: Path, change: Callable[[tuple[Part, ...], int], tuple[Part, ...]]) -> Block:
    first, *rest = path
    if not rest:
        return replace(draft, items=change(draft.items, first))
    below = draft.items[first]
    if not isinstance(below, Block):
        raise ValueError(f"Nothing lies below {number_of(path[:1])}")
    return replace(draft, items=(*draft.items[:first], _at(below, tuple(rest), change), *draft.items[first + 1 :]))
