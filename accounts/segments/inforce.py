"""Which version of each segment is in force on which days, and the rule that it has."""

import logging
from dataclasses import dataclass
from datetime import UTC, date
from itertools import groupby

from accounts.conditions.registry import registered_facts
from accounts.conditions.rules.reading import BadRule, read_rule
from accounts.conditions.rules.tree import AnyOf, Node
from accounts.conditions.rules.vocabulary import Vocabulary, base_vocabulary
from accounts.segments.models import SegmentVersion
from accounts.segments.rules import NOT_FOR_SEGMENTS, SegmentStatus

log = logging.getLogger(__name__)
NOBODY = AnyOf(())
"""The rule of a segment that nobody is in."""


@dataclass(frozen=True)
class InForce:
    """A version on the days [first, until) (UTC); `until` None: to this day."""

    segment_id: int
    key: str
    version: int
    first: date
    until: date | None
    priority: int
    is_live: bool
    rule: Node

    def touches(self, first: date, last: date) -> bool:
        """Whether it is in force on one of the days [first, last]."""
        return self.first <= last and (self.until is None or self.until > first)


def words_of_segments() -> Vocabulary:
    """What the rules of segments speak of, without the values that a word can take now: old rules name old ones."""
    known = base_vocabulary() | registered_facts()
    return {name: fact for name, fact in known.items() if name not in NOT_FOR_SEGMENTS}


def history(words: Vocabulary) -> list[InForce]:
    """Every version that ever held for a day, by segment and day; of those of one day, the last holds for all of it.

    A rule that can no longer be read matches nobody, and the log says so.
    """
    versions = SegmentVersion.objects.select_related("segment").order_by("segment_id", "version")
    found = []
    for _, mine in groupby(versions, key=lambda v: v.segment_id):
        held = [list(same_day)[-1] for _, same_day in groupby(mine, key=_day)]
        ends = [*(_day(version) for version in held[1:]), None]
        found += [_in_force(version, until, words) for version, until in zip(held, ends, strict=True)]
    return found


def _day(version: SegmentVersion) -> date:
    return version.effective_at.astimezone(UTC).date()


def _in_force(version: SegmentVersion, until: date | None, words: Vocabulary) -> InForce:
    try:
        rule = read_rule(version.rule, words)
    except BadRule as bad:
        log.error("Version %s of the segment %s cannot be read: %s", version.version, version.segment.key, bad)
        rule = NOBODY
    return InForce(
        version.segment_id,
        version.segment.key,
        version.version,
        _day(version),
        until,
        version.priority,
        version.status == SegmentStatus.LIVE.value,
        rule,
    )
