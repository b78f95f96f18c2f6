"""How the assumptions are changed by request: Finance decides, and sees what they make of the company’s own facts."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.figures import day_text
from loyalty.core.money import money
from loyalty.core.people.rules import Function
from rewards.affordability.models import AssumptionSet
from rewards.affordability.queries import assumptions_now, found_now, tier_names, waiting_now
from rewards.affordability.rules.answer import Answer, answer, differences
from rewards.affordability.rules.assumptions import FIELD_LABELS, assumptions_of, clean_values, field_in_words
from rewards.affordability.verbs import KIND, write_version


def read(set_id: int, lock: bool) -> Live:
    """The assumptions as they stand; they are live once somebody has set one."""
    rows = AssumptionSet.objects.select_for_update(no_key=True) if lock else AssumptionSet.objects.all()
    assumed = rows.filter(pk=set_id).first()
    if assumed is None:
        raise LookupError(f"No assumptions {set_id}")
    address = reverse("assumptions")
    return Live(str(assumed), address, assumed.version, assumed.values, is_live=assumed.is_set)


def impact(set_id: int, values: Values) -> list[str]:
    """The unit economics and the guardrails by these values, against those by the values of now."""
    found, waiting, tiers = found_now(), waiting_now(), tier_names()
    if found.day is None:
        return ["No facts have been worked out yet, so nothing can be reckoned."]
    currency = settings.REPORTING_CURRENCY

    def by(assumed: Values) -> Answer:
        return answer(found.cells, assumptions_of(assumed), tiers, waiting, currency)

    now, then = by(assumptions_now().values), by(values)
    accounts = "1 account pays" if now.whole.accounts == 1 else f"{now.whole.accounts:,} accounts pay"
    base = (
        f"By the facts of {day_text(found.day)} {accounts} {money(now.whole.mrr, currency)} a month;"
        f" rewards cost {money(now.whole.cost, currency)} in the last 12 months."
    )
    return [base, *differences(now, then, currency)]


def _in_words(field: str, value: Any) -> str:
    return field_in_words(field, value, settings.REPORTING_CURRENCY, tier_names())


ASSUMPTIONS = Changeable(
    kind=KIND,
    label="assumptions",
    owner_of=lambda set_id, fields: Function.FINANCE,
    read=read,
    clean=lambda set_id, values: clean_values(assumptions_now().values, values, tier_names()),
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=_in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("assumptions"), change_id),
)
