"""Why an account entered or left a segment, in words: what became true of it, or ceased to be.

A move is explained by the rule of its own version, which may name what rules of
now no longer can, such as a milestone or a tier that is gone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.reading import BadRule, read_rule
from accounts.conditions.rules.tree import Leaf, Node, parts
from accounts.conditions.rules.vocabulary import Shape, Vocabulary
from accounts.conditions.rules.words import in_words, leaf_in_words, value_text
from accounts.records.models import Account
from accounts.segments.inforce import words_of_segments
from accounts.segments.models import Segment, SegmentMove, SegmentVersion
from accounts.segments.rules import NOT_FOR_SEGMENTS, Cause

MOVES_HEADER = ("day", "account", "external_id", "move", "cause", "why", "version", "starts_offers")
_NO_FACTS = "It is so from the first day with facts."
_TERMS = "The terms of a milestone or a streak that its rule names took effect."


@dataclass(frozen=True)
class Told:
    """One move with its reason."""

    move: SegmentMove
    words: str


def moves_of(segment: Segment) -> QuerySet[SegmentMove]:
    """Who came and went, the latest first; what late data took back is left out."""
    return segment.moves.filter(withdrawn_at=None).select_related("account")


def told(moves: Iterable[SegmentMove]) -> list[Told]:
    """Each move with what moved it, by the rule of the version in force on its day."""
    words, moves = _Words.of_now(), list(moves)
    versions = SegmentVersion.objects.filter(
        segment__in={m.segment_id for m in moves}, version__in={m.version for m in moves}
    )
    rules = {(v.segment_id, v.version): v.rule for v in versions}
    return [Told(move, _why(move, rules.get((move.segment_id, move.version)), words)) for move in moves]


def told_of_account(account: Account, day: date, limit: int) -> list[Told]:
    """The account's own entries and exits up to the end of the day (UTC), the latest first."""
    rows = SegmentMove.objects.filter(account=account, day__lte=day, withdrawn_at=None)
    return told(rows.select_related("segment", "account").order_by("-day", "-id")[:limit])


def move_rows(segment: Segment) -> Iterator[list[object]]:
    """All moves by MOVES_HEADER, streamed."""
    words, rules = _Words.of_now(), dict(segment.versions.values_list("version", "rule"))
    for move in moves_of(segment).iterator(chunk_size=500):
        why = _why(move, rules.get(move.version), words)
        step = "entered" if move.entered else "left"
        account = move.account
        yield [move.day, account.name, account.external_id, step, move.cause, why, move.version, move.fires]


@dataclass(frozen=True)
class _Words:
    """What rules of any age may speak of, and how what there still is of it is called."""

    known: Vocabulary
    called: Vocabulary

    @classmethod
    def of_now(cls) -> "_Words":
        return cls(words_of_segments(), vocabulary(without=NOT_FOR_SEGMENTS))


def _why(move: SegmentMove, rule: Any, words: _Words) -> str:
    if move.cause == Cause.RULE.value:
        return f"Version {move.version} of the segment took effect."
    if move.cause == Cause.START.value:
        return _NO_FACTS
    if move.cause == Cause.TERMS.value:
        return _TERMS
    evidence = move.evidence if isinstance(move.evidence, Mapping) else {}
    try:
        node = read_rule(rule, words.known)
        changed = what_changed(node, evidence, words.called, settings.REPORTING_CURRENCY)
    except (BadRule, ValueError):
        changed = []
    return "; ".join(changed) or "Its facts changed."


def what_changed(node: Node, evidence: Mapping[str, Any], words: Vocabulary, currency: str) -> list[str]:
    """The conditions whose truth is another than on the day before, each with its value then and now.

    `evidence` is that of a move: `facts` and `truths` of the day, `before` and `truths_before`
    of the day before, truths in the order of the rule's tree. Raises ValueError when they do not fit it.
    """
    now, before = evidence.get("truths") or [], evidence.get("truths_before") or []
    pairs = iter(zip(now, before, strict=True))
    try:
        found = _changed(node, pairs, evidence, words, currency)
    except StopIteration as short:
        raise ValueError("fewer truths than nodes") from short
    return found


def _changed(
    node: Node, truths: Iterator[tuple[Any, Any]], evidence: Mapping[str, Any], words: Vocabulary, currency: str
) -> list[str]:
    now, before = next(truths)
    below = [told for part in parts(node) for told in _changed(part, truths, evidence, words, currency)]
    if now == before:
        return []
    if below:
        return below
    if not isinstance(node, Leaf):
        return [in_words(node, words, currency)]
    values = [_value(node.fact, evidence.get(when) or {}, words, currency) for when in ("facts", "before")]
    head = "" if now else "No longer " if now is False else "No longer known: "
    from_before = f", from {values[1]}" if values[1] != values[0] else ""
    return [f"{head}{leaf_in_words(node, words, currency)}: {values[0]}{from_before}"]


def _value(name: str, facts: Mapping[str, Any], words: Vocabulary, currency: str) -> str:
    fact, value = words[name], facts.get(name)
    if fact.shape is Shape.DAY and isinstance(value, str):
        value = date.fromisoformat(value)
    return value_text(fact, value, currency)
