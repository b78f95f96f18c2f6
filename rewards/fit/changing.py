"""How a rule of the matrix is changed by request: whoever owns the rewards that it speaks of decides."""

from typing import Any

from django.urls import reverse

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.people.rules import Function
from rewards.fit.impact import impact
from rewards.fit.models import FitRule
from rewards.fit.rules import FIELD_LABELS, clean_values, field_in_words
from rewards.fit.verbs import values_of, write_version

KIND = "fit_rule"


def _get(rule_id: int, lock: bool) -> FitRule:
    rows = FitRule.objects.select_for_update(no_key=True) if lock else FitRule.objects.all()
    rule = rows.filter(pk=rule_id).first()
    if rule is None:
        raise LookupError(f"No fit rule {rule_id}")
    return rule


def read(rule_id: int, lock: bool) -> Live:
    """The rule as it stands now."""
    rule = _get(rule_id, lock)
    return Live(
        label=str(rule),
        url=reverse("fit-rule", args=[rule.pk]),
        version=rule.version,
        values=values_of(rule),
        is_live=rule.is_active,
    )


def clean(rule_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values, or DomainError in words."""
    rule = _get(rule_id, lock=False)
    return clean_values(rule.verdict, values_of(rule), values)


def deciding(rule_id: int, fields: set[str]) -> Function:
    """The owner of the rewards that it speaks of."""
    return Function(_get(rule_id, lock=False).owner_function)


FIT_RULE = Changeable(
    kind=KIND,
    label="contract-fit rule",
    owner_of=deciding,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=field_in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("fit-rule", args=[object_id]), change_id),
)
