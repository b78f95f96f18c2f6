"""How the scheme of tiers is changed by request: Product owns the entry rules of usage tiers."""

from typing import Any

from django.urls import reverse

from accounts.tiers.models import TierScheme
from accounts.tiers.queries import measure
from accounts.tiers.rules import FIELD_LABELS, clean_values, field_in_words, scheme_of
from accounts.tiers.verbs import LABEL, write_version
from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.figures import number_text
from loyalty.core.people.rules import Function

KIND = "tier_scheme"


def _get(scheme_id: int, lock: bool) -> TierScheme:
    rows = TierScheme.objects.select_for_update(no_key=True) if lock else TierScheme.objects.all()
    scheme = rows.filter(pk=scheme_id).first()
    if scheme is None:
        raise LookupError("There is no scheme of tiers")
    return scheme


def read(scheme_id: int, lock: bool) -> Live:
    """The scheme as it stands now."""
    scheme = _get(scheme_id, lock)
    return Live(label=LABEL, url=reverse("tiers"), version=scheme.version, values=scheme.values, is_live=True)


def clean(scheme_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values, or DomainError in words."""
    return clean_values(_get(scheme_id, lock=False).values, values)


def impact(scheme_id: int, values: Values) -> list[str]:
    """Who would move; what it would cost is added by the floor that gives perks."""
    now, proposed = _get(scheme_id, lock=False).scheme, scheme_of(values)
    names = {step.key: step.name for step in (*now.steps, *proposed.steps)} | {"": "no tier"}
    told = measure(proposed)
    if told.day is None:
        return ["No facts have been worked out yet, so nobody moves."]
    if not told.moved:
        return ["Nobody moves."]
    sentences = [
        f"{names.get(before, before)} → {names.get(after, after)}: {_accounts(count)}."
        for before, after, count, _ in told.moved
    ]
    rest = told.total - len(told.names)
    more = f" and {number_text(rest)} more" if rest > 0 else ""
    sentences.append(f"Moves {_accounts(told.total)}: {', '.join(told.names)}{more}.")
    falls = any(proposed.rank(after) < proposed.rank(before) for before, after, _, _ in told.moved)
    if falls:
        sentences.append(f"Up at once. {proposed.downgrade_words()}")
    return sentences


def _accounts(count: int) -> str:
    return "1 account" if count == 1 else f"{number_text(count)} accounts"


TIER_SCHEME = Changeable(
    kind=KIND,
    label="tiers",
    owner_of=lambda object_id, fields: Function.PRODUCT,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=field_in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("tiers-edit"), change_id),
)
