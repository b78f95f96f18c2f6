"""Why a rule matches an account, or why not: the truth of each condition, in words with the values behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.conditions.rules.tree import (
    All,
    AnyOf,
    Leaf,
    Node,
    Not,
    Within,
    parts,
)
from accounts.conditions.rules.vocabulary import Vocabulary
from accounts.conditions.rules.words import in_words, leaf_in_words, value_text

Truth = bool | None
"""True, false, or unknown (None)."""


@dataclass(frozen=True)
class Told:
    """One node with its truth; `value` is what the fact was, in words (empty for groups)."""

    words: str
    value: str
    truth: Truth
    parts: tuple["Told", ...] = ()

    @property
    def status(self) -> str:
        """The name of a status: met, not met, unknown."""
        return "unknown" if self.truth is None else "met" if self.truth else "not_met"


def explained(
    node: Node, truths: Sequence[Truth], values: Mapping[str, Any], vocabulary: Vocabulary, currency: str
) -> Told:
    """The tree with its truths; `truths` are those of `walk(node)`, in its order, `values` the facts of the row.

    Below a `within` the truths are those of the day itself.
    """
    left = iter(truths)
    told = _told(node, left, values, vocabulary, currency)
    if next(left, _NOTHING) is not _NOTHING:
        raise ValueError("more truths than nodes")
    return told


_NOTHING = object()


def _told(node: Node, left: Any, values: Mapping[str, Any], vocabulary: Vocabulary, currency: str) -> Told:
    truth = next(left)
    below = tuple(_told(part, left, values, vocabulary, currency) for part in parts(node))
    if isinstance(node, Leaf):
        value = value_text(vocabulary[node.fact], values.get(node.fact), currency)
        return Told(leaf_in_words(node, vocabulary, currency), value, truth)
    return Told(_head(node, vocabulary, currency), "", truth, below)


def _head(node: Node, vocabulary: Vocabulary, currency: str) -> str:
    match node:
        case All(()) | AnyOf(()):
            return in_words(node, vocabulary, currency)
        case All():
            return "All of these"
        case AnyOf():
            return "Any of these"
        case Not():
            return "Not this"
        case Within(days=days):
            return f"On one of the last {days} days; below, the day itself"
    raise TypeError(f"{type(node).__name__} has no head")


def sentence(told: Told, node: Node) -> str:
    """The reason in one sentence: "Because …" or "No match, because …, but not: …"."""
    reason = reasons(told, node)
    if told.truth:
        return f"{reason[0].upper()}{reason[1:]}." if reason else "The rule asks for nothing: it matches every account."
    return f"No match, {reason}." if reason else "No match."


def reasons(told: Told, node: Node) -> str:
    """What speaks for a match and what against it, as the end of a sentence; "" when nothing was asked.

    Conditions that hold come first, then those that do not, then those unknown. What must not
    be is told as such: "not NPS is at most 6 (9)" speaks for, "must not be: NPS is at most 6 (4)" against.
    """
    leaves = list(_leaves(told, node))
    met = [f"{'' if wanted else 'not '}{_valued(leaf)}" for leaf, wanted in leaves if leaf.truth is wanted]
    missing = [_valued(leaf) for leaf, wanted in leaves if wanted and leaf.truth is False]
    excluded = [_valued(leaf) for leaf, wanted in leaves if not wanted and leaf.truth is True]
    unknown = [leaf.words for leaf, _ in leaves if leaf.truth is None]
    if told.truth:
        return f"because {'; '.join(met)}" if met else ""
    told_so = [f"because {'; '.join(met)}"] if met else []
    told_so += [f"{'but' if met else 'because'} not: {'; '.join(missing)}"] if missing else []
    told_so += [f"must not be: {'; '.join(excluded)}"] if excluded else []
    told_so += [f"not known: {'; '.join(unknown)}"] if unknown else []
    return ", ".join(told_so)


def _valued(leaf: Told) -> str:
    return f"{leaf.words} ({leaf.value})"


def _leaves(told: Told, node: Node, wanted: bool = True) -> list[tuple[Told, bool]]:
    """Every leaf with the truth that helps the rule: under a `not` it is false."""
    if isinstance(node, Leaf):
        return [(told, wanted)]
    wanted_below = not wanted if isinstance(node, Not) else wanted
    pairs = zip(told.parts, parts(node), strict=True)
    return [leaf for below, part in pairs for leaf in _leaves(below, part, wanted_below)]
