"""Reading segments: the list, who is in one, who came and went, and how they overlap."""

from accounts.conditions.rules.vocabulary import Choice
from accounts.segments.models import Segment
from accounts.segments.rules import SegmentStatus


def active_count() -> int:
    """How many segments are live."""
    return Segment.objects.filter(status=SegmentStatus.LIVE.value).count()


def segment_choices() -> list[Choice]:
    """Every segment that accounts may be or have been in, for rules over the facts `segments` and `primary_segment`."""
    rows = Segment.objects.exclude(status=SegmentStatus.DRAFT.value).order_by("priority", "key")
    return [Choice(key, name) for key, name in rows.values_list("key", "name")]
