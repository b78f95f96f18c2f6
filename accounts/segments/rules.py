"""What a segment is, in plain data and in words."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from accounts.conditions.rules.reading import read_rule, written
from accounts.conditions.rules.vocabulary import Vocabulary
from loyalty.core.errors import DomainError


class SegmentStatus(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


class Cause(StrEnum):
    """Why an account entered or left a segment."""

    FACTS = "facts"  # its own facts changed
    RULE = "rule"  # the rule was edited, or the segment went live or was retired
    TERMS = "terms"  # a milestone or a streak that the rule names was edited, went live or was retired
    START = "start"  # there are no facts of an earlier day to compare with


# What a segment's rule cannot speak of: they follow from the segments, or are the segments.
NOT_FOR_SEGMENTS = ("segments", "primary_segment", "tier")
# More active segments than this are hard to keep apart, and to act on.
MOST_ACTIVE = 6
LOWEST_PRIORITY = 99

FIELD_LABELS: Mapping[str, str] = {
    "name": "Name",
    "goal": "Goal",
    "reward": "Suggested reward",
    "priority": "Priority",
    "status": "Status",
    "rule": "Rule",
}
_LONGEST = {"name": 120, "goal": 200, "reward": 200}


def clean_values(now: Mapping[str, Any], values: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    """The whole set of values after an edit; raises DomainError in words, BadRule with the places in the rule."""
    merged = {field: values.get(field, now[field]) for field in FIELD_LABELS}
    texts = {field: str(merged[field]).strip() for field in _LONGEST}
    if not texts["name"]:
        raise DomainError("A segment needs a name.")
    for field, most in _LONGEST.items():
        if len(texts[field]) > most:
            raise DomainError(f"{FIELD_LABELS[field]} has at most {most} letters.")
    priority = merged["priority"]
    if not isinstance(priority, int) or isinstance(priority, bool) or not 1 <= priority <= LOWEST_PRIORITY:
        raise DomainError(f"Priority is a whole number from 1, the first, to {LOWEST_PRIORITY}.")
    if merged["status"] not in list(SegmentStatus):
        raise DomainError("A segment is draft, live or retired.")
    if merged["status"] == SegmentStatus.DRAFT and now["status"] != SegmentStatus.DRAFT:
        raise DomainError("A segment that was live keeps its history: retire it instead of making it a draft.")
    rule = written(read_rule(merged["rule"], vocabulary))
    return {**texts, "priority": priority, "status": str(merged["status"]), "rule": rule}


def too_many_warning(active: int) -> str | None:
    """What to say when so many segments are, or would be, active; None while it is fine. It forbids nothing."""
    if active <= MOST_ACTIVE:
        return None
    return (
        f"{active} segments would be active. Four to six are enough to tell accounts apart and to act on each;"
        " think of retiring one."
    )


def status_sentence(now: str, wanted: str) -> str | None:
    """What a change of status means, or None when it stays."""
    if now == wanted:
        return None
    if wanted == SegmentStatus.LIVE:
        return "Goes live: accounts are placed from today on; who matches on the first day starts no offers."
    return "Retires it: every account leaves it today, which starts no offers, and its history stays."
