"""How the tax thresholds are changed by request: Finance decides."""

from typing import Any

from django.urls import reverse

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.people.rules import Function
from rewards.tax.models import TaxRules
from rewards.tax.queries import over_under
from rewards.tax.rules import clean_values, thresholds_of
from rewards.tax.verbs import rules_now, write_rules

KIND = "tax_rules"


def read(rules_id: int, lock: bool) -> Live:
    """The thresholds as they stand now."""
    rows = TaxRules.objects.select_for_update(no_key=True) if lock else TaxRules.objects.all()
    rules = rows.filter(pk=rules_id).first()
    if rules is None:
        raise LookupError("There are no tax thresholds yet")
    return Live(label=str(rules), url=reverse("tax"), version=rules.version, values=rules.values, is_live=True)


def impact(rules_id: int, values: Values) -> list[str]:
    """How many persons of this year would reach a threshold, against those of now."""
    now, then = over_under(thresholds_of(rules_now().values)), over_under(thresholds_of(values))
    return [f"Of this year’s payments so far, {then:,} would reach a threshold instead of {now:,}."]


def _in_words(field: str, value: Any) -> str:
    return "; ".join(t.in_words for t in thresholds_of({"thresholds": value})) or "none"


TAX_RULES = Changeable(
    kind=KIND,
    label="tax thresholds",
    owner_of=lambda rules_id, fields: Function.FINANCE,
    read=read,
    clean=lambda rules_id, values: clean_values(values),
    impact=impact,
    apply=write_rules,
    field_labels={"thresholds": "Thresholds"},
    in_words=_in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("tax-thresholds"), change_id),
)
