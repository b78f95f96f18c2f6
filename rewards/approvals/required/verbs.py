"""Writing the rules of approval: new ones, and versions that were decided."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.approvals.required.models import ApprovalRule, ApprovalRuleVersion
from rewards.approvals.required.rules import EMPTY, FIELD_LABELS, clean_values

KIND = "approval_rule"


@transaction.atomic
def create_rule(function: Function, values: Mapping[str, Any], *, acting_user: User) -> ApprovalRule:
    """Make a rule that is not in force yet; raises NotAllowed outside the function that it calls on."""
    check_member(acting_user, function)
    cleaned = clean_values(EMPTY, {**values, "is_active": False})
    key = slugify(cleaned["name"])[:60]
    if not key or ApprovalRule.objects.filter(key=key).exists():
        raise DomainError(f"There is a rule called “{cleaned['name']}” already. Give it another name.")
    return make_rule(key, function, cleaned, effective_at=timezone.now(), acting_user=acting_user)


def make_rule(
    key: str,
    function: Function,
    values: Mapping[str, Any],
    *,
    effective_at: datetime,
    acting_user: User | None,
    reason: str = "",
) -> ApprovalRule:
    """Write a rule with its first version and its audit line; the caller has cleaned the values."""
    rule = ApprovalRule(key=key, function=function.value)
    _set(rule, values)
    rule.save(force_insert=True)
    _keep_version(rule, effective_at)
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type=KIND,
        object_id=rule.pk,
        object_label=rule.name,
        after=values_of(rule),
        reason=reason,
    )
    return rule


@transaction.atomic
def write_version(rule_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, for all that is proposed from now on; open offers keep their steps."""
    rule = ApprovalRule.objects.select_for_update(no_key=True).get(pk=rule_id)
    before = values_of(rule)
    _set(rule, values)
    rule.version += 1
    rule.save()
    _keep_version(rule, timezone.now())
    after = values_of(rule)
    record_edit(
        acting_user=acting_user,
        object_type=KIND,
        object_id=rule.pk,
        object_label=rule.name,
        before=before,
        after=after,
        version=rule.version,
        reason=reason,
    )


def values_of(rule: ApprovalRule) -> dict[str, Any]:
    """The editable fields as JSON values; money as text."""
    values = {field: getattr(rule, field) for field in FIELD_LABELS}
    return {field: f"{value:.2f}" if isinstance(value, Decimal) else value for field, value in values.items()}


def _keep_version(rule: ApprovalRule, effective_at: datetime) -> None:
    ApprovalRuleVersion.objects.create(
        rule=rule, version=rule.version, values=values_of(rule), effective_at=effective_at
    )


def _set(rule: ApprovalRule, values: Mapping[str, Any]) -> None:
    for field in FIELD_LABELS:
        setattr(rule, field, values[field])
    rule.above_value = None if values["above_value"] is None else Decimal(values["above_value"])
