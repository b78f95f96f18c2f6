"""Making a cap, and writing a decided change of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.refusing import telling_refusals
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.caps.alerts import tell_alerts
from rewards.caps.commitments import count_in, hold
from rewards.caps.models import Cap
from rewards.caps.rules import ONLY_ACCOUNTS, WHOLE, CapMeasure, CapPeriodKind, CapScope, quantity


@dataclass(frozen=True)
class NewCap:
    """The terms of a cap to be; `limit` in its measure. Hard refuses, soft asks Finance."""

    name: str
    scope: CapScope
    scope_key: str
    period: CapPeriodKind
    limit: Decimal
    is_hard: bool
    measure: CapMeasure = CapMeasure.VALUE


def create_cap(terms: NewCap, *, acting_user: User) -> Cap:
    """Set a cap at once; what is committed already in its running period counts from the start.

    It applies at once, even though offers are live: it changes no offer that
    stands. Raises NotAllowed unless the person is in Finance (then the audit
    tells of the attempt), DomainError when an active cap has the same scope and
    period.
    """
    with telling_refusals("cap", [""], terms.name, acting_user):
        check_member(acting_user, Function.FINANCE)
    return _create(terms, acting_user)


@transaction.atomic
def _create(terms: NewCap, acting_user: User) -> Cap:
    hold()
    if terms.measure is CapMeasure.OCCURRENCES and terms.limit != terms.limit.to_integral_value():
        raise DomainError(WHOLE)
    if terms.period is CapPeriodKind.CONTRACT_TERM and terms.scope is not CapScope.ACCOUNT:
        raise DomainError(ONLY_ACCOUNTS)
    _check_alone(terms.scope.value, terms.scope_key, terms.period.value, terms.measure.value)
    cap = Cap.objects.create(
        name=terms.name,
        scope=terms.scope.value,
        scope_key=terms.scope_key,
        period=terms.period.value,
        measure=terms.measure.value,
        limit=terms.limit,
        is_hard=terms.is_hard,
    )
    count_in(cap.pk, timezone.now().date())
    tell_alerts(timezone.now().date(), cap_id=cap.pk)
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="cap",
        object_id=cap.pk,
        object_label=cap.name,
        after=values_of(cap)
        | {"scope": cap.scope, "scope key": cap.scope_key, "period": cap.period, "measure": cap.measure},
    )
    return cap


@transaction.atomic
def write_change(cap_id: int, values: Mapping[str, Any], *, acting_user: User, reason: str) -> None:
    """Write decided values as the next version of a cap. Whether they may be is checked before.

    A limit that is lowered to or below what is committed is told at once. Raises DomainError when it
    would be the second active cap of its scope and period.
    """
    hold()
    cap = Cap.objects.select_for_update(no_key=True).get(pk=cap_id)
    before, was_active = values_of(cap), cap.is_active
    cap.name, cap.limit = values["name"], Decimal(values["limit"])
    cap.is_hard, cap.is_active = values["is_hard"], values["is_active"]
    if cap.is_active and not was_active:
        _check_alone(cap.scope, cap.scope_key, cap.period, cap.measure)
    cap.version += 1
    if values["limit"] != before["limit"]:
        cap.limit_version = cap.version
    cap.save()
    if cap.is_active and not was_active:
        count_in(cap.pk, timezone.now().date())
    tell_alerts(timezone.now().date(), cap_id=cap.pk)
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="cap",
        object_id=cap.pk,
        object_label=cap.name,
        before=before,
        after=values_of(cap),
        reason=reason,
    )


def values_of(cap: Cap) -> dict[str, Any]:
    """What a change of the cap may change, as JSON; the limit as text, money with two decimals."""
    limit = f"{cap.limit:.0f}" if cap.measure == CapMeasure.OCCURRENCES else f"{cap.limit:.2f}"
    return {"name": cap.name, "limit": limit, "is_hard": cap.is_hard, "is_active": cap.is_active}


def _check_alone(scope: str, scope_key: str, period: str, measure: str) -> None:
    same = Cap.objects.filter(scope=scope, scope_key=scope_key, period=period, measure=measure)
    other = same.filter(is_active=True).first()
    if other is not None:
        raise DomainError(
            f"The cap “{other.name}” limits the same thing per {period.replace('_', ' ')} already,"
            f" at {quantity(CapMeasure(measure), other.limit)}. Change that one instead."
        )
