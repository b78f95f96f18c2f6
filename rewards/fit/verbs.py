"""Writing the matrix: new rules, and versions that were decided."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from rewards.fit.models import FitRule, FitRuleVersion
from rewards.fit.rules import FIELD_LABELS, Contract, Verdict, clean_values, owner_of_kinds

PERCENTS = ("percent_from", "percent_to", "above_percent")
EMPTY: Mapping[str, Any] = {
    "kinds": [],
    "by_hand": False,
    "percent_from": None,
    "percent_to": None,
    "above_percent": None,
    "before_status": False,
    "is_active": False,
}


@transaction.atomic
def create_rule(contract: Contract, verdict: Verdict, values: Mapping[str, Any], *, acting_user: User) -> FitRule:
    """Make a rule that is not in force yet; raises NotAllowed outside the function that owns its rewards."""
    cleaned = clean_values(verdict.value, EMPTY, {**values, "is_active": False})
    check_member(acting_user, owner_of_kinds(cleaned["kinds"]))
    rule = make_rule(contract, verdict, cleaned, effective_at=timezone.now())
    tell_made(rule, acting_user, "")
    return rule


def make_rule(contract: Contract, verdict: Verdict, values: Mapping[str, Any], *, effective_at: datetime) -> FitRule:
    """Write a rule with its first version; the caller has cleaned the values and leaves the audit line."""
    rule = FitRule(contract=contract.value, verdict=verdict.value)
    _set(rule, values)
    rule.save(force_insert=True)
    keep_version(rule, effective_at)
    return rule


@transaction.atomic
def write_version(rule_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, for all that is proposed from now on."""
    rule = FitRule.objects.select_for_update(no_key=True).get(pk=rule_id)
    before = values_of(rule)
    _set(rule, values)
    rule.version += 1
    rule.save()
    keep_version(rule, timezone.now())
    record_edit(
        acting_user=acting_user,
        object_type="fit_rule",
        object_id=rule.pk,
        object_label=str(rule),
        before=before,
        after=values_of(rule),
        version=rule.version,
        reason=reason,
    )


def values_of(rule: FitRule) -> dict[str, Any]:
    """The editable fields as JSON values; per cents as text."""
    values = {field: getattr(rule, field) for field in FIELD_LABELS}
    return {field: f"{value:.2f}" if isinstance(value, Decimal) else value for field, value in values.items()}


def keep_version(rule: FitRule, effective_at: datetime) -> None:
    """Write down what the rule says now as its version, from `effective_at` (UTC) on."""
    FitRuleVersion.objects.create(rule=rule, version=rule.version, values=values_of(rule), effective_at=effective_at)


def tell_made(rule: FitRule, acting_user: User | None, reason: str) -> None:
    """Leave the audit line of a rule that was made."""
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="fit_rule",
        object_id=rule.pk,
        object_label=str(rule),
        after=values_of(rule),
        reason=reason,
    )


def _set(rule: FitRule, values: Mapping[str, Any]) -> None:
    for field in FIELD_LABELS:
        value = values[field]
        setattr(rule, field, Decimal(value) if field in PERCENTS and value is not None else value)
    rule.owner_function = owner_of_kinds(rule.kinds).value
