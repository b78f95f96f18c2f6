"""How a segment is changed by request: the ground calls these."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.reading import BadRule, read_rule
from accounts.conditions.rules.words import in_words
from accounts.segments.measuring import measure
from accounts.segments.models import Segment
from accounts.segments.queries import active_count
from accounts.segments.rules import (
    FIELD_LABELS,
    NOT_FOR_SEGMENTS,
    SegmentStatus,
    clean_values,
    status_sentence,
    too_many_warning,
)
from accounts.segments.verbs import values_of, write_version
from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.people.rules import Function

KIND = "segment"


def _get(segment_id: int, lock: bool) -> Segment:
    rows = Segment.objects.select_for_update(no_key=True) if lock else Segment.objects.all()
    segment = rows.filter(pk=segment_id).first()
    if segment is None:
        raise LookupError(f"No segment {segment_id}")
    return segment


def read(segment_id: int, lock: bool) -> Live:
    """The segment as it stands now."""
    segment = _get(segment_id, lock)
    return Live(
        label=segment.name,
        url=reverse("segment", args=[segment_id]),
        version=segment.version,
        values=values_of(segment),
        is_live=segment.status == SegmentStatus.LIVE.value,
    )


def clean(segment_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values; DomainError in words, BadRule with the places in the rule."""
    return clean_values(values_of(_get(segment_id, lock=False)), values, vocabulary(without=NOT_FOR_SEGMENTS))


def impact(segment_id: int, values: Values) -> list[str]:
    """Who enters and leaves now, and what the rule would have made of last year, against that of now."""
    now = values_of(_get(segment_id, lock=False))
    told = status_sentence(now["status"], values["status"])
    sentences = [told] if told else []
    if values["status"] == SegmentStatus.LIVE != now["status"]:
        warning = too_many_warning(active_count() + 1)
        sentences += [warning] if warning else []
    return sentences + measure(now, values).sentences()


def _in_words(field: str, value: Any) -> str:
    """One value of a segment, as the page of a change shows it."""
    if field == "rule":
        words = vocabulary(without=NOT_FOR_SEGMENTS)
        try:
            return in_words(read_rule(value, words), words, settings.REPORTING_CURRENCY)
        except BadRule as bad:
            return f"a rule that can no longer be read: {bad}"
    return str(value) if value not in (None, "") else "none"


SEGMENT = Changeable(
    kind=KIND,
    label="segment",
    owner_of=lambda segment_id, fields: Function.CS,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=_in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("segment-edit", args=[object_id]), change_id),
)
