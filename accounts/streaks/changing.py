"""How a streak or a track is changed by request: the ground calls these."""

from typing import Any

from django.urls import reverse

from accounts.milestones.rules import MilestoneStatus, status_sentence
from accounts.streaks.models import Streak
from accounts.streaks.queries import measure
from accounts.streaks.rules import FIELD_LABELS, StreakKind, clean_values, terms_of, value_in_words
from accounts.streaks.verbs import values_of, write_version
from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.people.rules import Function

KIND = "streak"


def _get(streak_id: int, lock: bool) -> Streak:
    rows = Streak.objects.select_related("pattern")
    streak = (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).filter(pk=streak_id).first()
    if streak is None:
        raise LookupError(f"No streak {streak_id}")
    return streak


def read(streak_id: int, lock: bool) -> Live:
    """The streak as it stands now."""
    streak = _get(streak_id, lock)
    return Live(
        label=streak.name,
        url=reverse("streak", args=[streak.pk]),
        version=streak.version,
        values=values_of(streak),
        is_live=streak.status == MilestoneStatus.LIVE.value,
    )


def clean(streak_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values, or DomainError in words."""
    streak = _get(streak_id, lock=False)
    return clean_values(StreakKind(streak.kind), values_of(streak), values)


def impact(streak_id: int, values: Values) -> list[str]:
    """Whom the proposed terms would have reached last year, against those of now."""
    streak = _get(streak_id, lock=False)
    told = status_sentence(streak.status, str(values["status"]))
    if values["status"] == MilestoneStatus.RETIRED:
        return [told] if told else []
    terms = terms_of(values)
    sentences = measure(terms, streak.terms).sentences(terms.row_in_words)
    return [told, *sentences] if told else sentences


STREAK = Changeable(
    kind=KIND,
    label="streak",
    owner_of=lambda object_id, fields: Function.PRODUCT,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=value_in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("streak", args=[object_id]), change_id),
)
