"""How a milestone is changed by request: the ground calls these."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from accounts.milestones.models import Milestone
from accounts.milestones.queries import measure
from accounts.milestones.rules import (
    FIELD_LABELS,
    MilestoneStatus,
    MilestoneTerms,
    clean_values,
    followers_sentence,
    status_sentence,
    times_in_words,
    value_in_words,
)
from accounts.milestones.starts import check_start, names_of_followers, start_in_words
from accounts.milestones.verbs import values_of, write_version
from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.people.rules import Function

KIND = "milestone"


def _get(milestone_id: int, lock: bool) -> Milestone:
    rows = Milestone.objects.select_for_update(no_key=True) if lock else Milestone.objects.all()
    milestone = rows.filter(pk=milestone_id).first()
    if milestone is None:
        raise LookupError(f"No milestone {milestone_id}")
    return milestone


def read(milestone_id: int, lock: bool) -> Live:
    """The milestone as it stands now."""
    milestone = _get(milestone_id, lock)
    return Live(
        label=milestone.name,
        url=reverse("milestone", args=[milestone.pk]),
        version=milestone.version,
        values=values_of(milestone),
        is_live=milestone.status == MilestoneStatus.LIVE.value,
    )


def clean(milestone_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values, or DomainError in words."""
    wanted = clean_values(values_of(_get(milestone_id, lock=False)), values)
    check_start(milestone_id, wanted["counts_from"])
    return wanted


def impact(milestone_id: int, values: Values) -> list[str]:
    """Whom the proposed terms would have reached last year, against those of now."""
    milestone = _get(milestone_id, lock=False)
    told = status_sentence(milestone.status, str(values["status"]))
    if values["status"] == MilestoneStatus.RETIRED:
        return [told] if told else []
    sentences = measure(terms_of(values), milestone.terms).sentences(times_in_words(values["count"]))
    following = names_of_followers(milestone_id)
    after = [followers_sentence(following)] if following and terms_of(values) != terms_of(values_of(milestone)) else []
    return [*([told] if told else []), *sentences, *after]


def terms_of(values: Mapping[str, Any]) -> MilestoneTerms:
    """The terms among the values of an edit; the start is not named."""
    return MilestoneTerms(values["event_name"], values["count"], values["within_days"], values.get("counts_from"))


def in_words(field: str, value: Any) -> str:
    """One value, as the page of a change shows it."""
    return start_in_words(value) if field == "counts_from" else value_in_words(field, value)


MILESTONE = Changeable(
    kind=KIND,
    label="milestone",
    owner_of=lambda object_id, fields: Function.PRODUCT,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("milestone", args=[object_id]), change_id),
)
