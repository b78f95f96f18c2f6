"""Writing the catalogue: drafts, and versions that were decided."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.errors import DomainError
from loyalty.core.money import POINTS
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.catalogue.models import Reward, RewardVersion
from rewards.catalogue.rules import (
    FIELD_LABELS,
    KINDS,
    POINTS_KIND,
    Nature,
    RewardStatus,
    clean_values,
    owner_of_kind,
)

AMOUNTS = ("percent", "face_value", "marginal_cost", "discount_equivalent")
EMPTY: Mapping[str, Any] = {
    "name": "",
    "description": "",
    "value_basis": "fixed",
    "percent": None,
    "face_value": "0.00",
    "marginal_cost": "0.00",
    "discount_equivalent": "0.00",
    "validity_days": 365,
    "supply_limit": None,
    "taxable": False,
    "status": RewardStatus.DRAFT.value,
}


@transaction.atomic
def create_reward(kind: str, values: Mapping[str, Any], *, acting_user: User) -> Reward:
    """Make a draft that no campaign can give yet; raises NotAllowed outside the function that owns the kind."""
    if kind not in KINDS:
        raise DomainError("Choose a kind of reward.")
    owner = owner_of_kind(kind)
    check_member(acting_user, owner)
    usual = {"delivery": KINDS[kind].delivery.value, "accounting": KINDS[kind].accounting.value}
    cleaned = clean_values(kind, {**EMPTY, **usual}, {**values, "status": RewardStatus.DRAFT.value})
    reward = make_reward(_free_key(cleaned["name"]), kind, cleaned, effective_at=timezone.now())
    _tell_made(reward, acting_user, "")
    return reward


def make_reward(key: str, kind: str, values: Mapping[str, Any], *, effective_at: datetime) -> Reward:
    """Write a reward with its first version; the caller has cleaned the values and leaves the audit line."""
    reward = Reward(
        key=key,
        kind=kind,
        owner_function=owner_of_kind(kind).value,
        is_credit=KINDS[kind].nature is Nature.CREDIT,
        currency=POINTS if kind == POINTS_KIND else settings.REPORTING_CURRENCY,
    )
    _set(reward, values)
    reward.save(force_insert=True)
    keep_version(reward, effective_at)
    return reward


@transaction.atomic
def write_version(reward_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, from now on. Who may do so was decided by the caller.

    Offers that stand keep the terms that they were made with.
    """
    reward = Reward.objects.select_for_update(no_key=True).get(pk=reward_id)
    before = values_of(reward)
    _set(reward, values)
    reward.version += 1
    reward.save()
    keep_version(reward, timezone.now())
    record_edit(
        acting_user=acting_user,
        object_type="reward",
        object_id=reward.pk,
        object_label=reward.name,
        before=before,
        after=values_of(reward),
        version=reward.version,
        reason=reason,
    )


def values_of(reward: Reward) -> dict[str, Any]:
    """The editable fields as JSON values; money and per cents as text."""
    values = {field: getattr(reward, field) for field in FIELD_LABELS}
    return {field: f"{value:.2f}" if isinstance(value, Decimal) else value for field, value in values.items()}


def keep_version(reward: Reward, effective_at: datetime) -> None:
    """Write down the terms of now as those of the reward's version, from `effective_at` (UTC) on."""
    RewardVersion.objects.create(
        reward=reward, version=reward.version, values=values_of(reward), effective_at=effective_at
    )


def tell_shipped(reward: Reward) -> None:
    """Leave the audit line of a reward that came with the application."""
    _tell_made(reward, None, "Shipped with the application")


def _tell_made(reward: Reward, acting_user: User | None, reason: str) -> None:
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="reward",
        object_id=reward.pk,
        object_label=reward.name,
        after={"kind": reward.kind, **values_of(reward)},
        reason=reason,
    )


def _set(reward: Reward, values: Mapping[str, Any]) -> None:
    for field in FIELD_LABELS:
        value = values[field]
        setattr(reward, field, Decimal(value) if field in AMOUNTS and value is not None else value)


def _free_key(name: str) -> str:
    base = slugify(name)[:50] or "reward"
    taken = set(Reward.objects.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for n in range(1, len(taken) + 2) if (key := base if n == 1 else f"{base}-{n}") not in taken)


def owner_of(reward: Reward) -> Function:
    return Function(reward.owner_function)
