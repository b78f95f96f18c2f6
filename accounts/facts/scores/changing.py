"""What the monetary score ranks by, as one object that Finance owns and changes by request."""

from typing import Any

from django.urls import reverse

from accounts.facts.queries import latest_day
from accounts.facts.scores.queries import rescored, terms
from accounts.facts.scores.rules import FIELD_LABELS, MONETARY_LABELS, Monetary, clean_values, value_in_words
from accounts.facts.scores.verbs import pick_monetary
from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.people.rules import Function

KIND = "score_terms"
THE_TERMS = 1


def read(object_id: int, lock: bool) -> Live:
    """The setting as it stands; it is always live."""
    kept = terms(lock=lock)
    return Live(
        label="RFM scores",
        url=reverse("segment-scores"),
        version=kept.version,
        values={"monetary": kept.monetary},
        is_live=True,
    )


def clean(object_id: int, values: Values) -> dict[str, Any]:
    """The whole setting; DomainError for anything but MRR, ARR or LTV."""
    return clean_values({"monetary": terms().monetary, **values})


def impact(object_id: int, values: Values) -> list[str]:
    """How many monetary scores change today."""
    day = latest_day()
    if day is None:
        return ["No facts have been worked out yet, so no score changes."]
    by, found = Monetary(values["monetary"]), rescored(day, Monetary(values["monetary"]))
    told = [f"By {MONETARY_LABELS[by]}: {found.rise:,} monetary scores rise and {found.fall:,} fall, of {found.of:,}."]
    if found.become:
        told.append(f"{found.become:,} become known or unknown.")
    return [*told, "Segments whose rule asks for the monetary score follow. Days that are past keep their scores."]


SCORE_TERMS = Changeable(
    kind=KIND,
    label="setting",
    owner_of=lambda object_id, fields: Function.FINANCE,
    read=read,
    clean=clean,
    impact=impact,
    apply=pick_monetary,
    field_labels=FIELD_LABELS,
    in_words=value_in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("segment-scores"), change_id),
)
