"""Writing the perks of tiers."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.tiers.models import Tier
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.people.models import User
from rewards.perks.models import TierPerks, TierPerksVersion
from rewards.perks.rules import SHIPPED, clean_values

NOTHING: Mapping[str, Any] = {"renewal_credit_percent": "0.00", "kinds": []}


def perks_of(tier: Tier) -> TierPerks:
    """The perks of a tier; not written yet, and none, for a tier that nobody has given any."""
    return TierPerks.objects.filter(tier=tier).first() or TierPerks(tier=tier, **_columns(NOTHING))


@transaction.atomic
def written_perks_of(tier: Tier, *, effective_at: datetime | None = None) -> TierPerks:
    """As `perks_of`, but written: those that are shipped with the tier's key, or none."""
    values = clean_values(NOTHING, SHIPPED.get(tier.key, NOTHING))
    perks, is_new = TierPerks.objects.get_or_create(tier=tier, defaults=_columns(values))
    if is_new:
        _keep(perks, effective_at or timezone.now())
        record(
            AuditVerb.CREATED,
            acting_user=None,
            object_type="tier_perks",
            object_id=perks.pk,
            object_label=str(perks),
            after=values,
            reason="Shipped with the application" if tier.key in SHIPPED else "A new tier",
        )
    return perks


def ensure_shipped(*, effective_at: datetime | None = None) -> list[TierPerks]:
    """Make the perks of every tier that has none, in force from `effective_at` (UTC, default now)."""
    return [written_perks_of(tier, effective_at=effective_at) for tier in Tier.objects.order_by("id")]


@transaction.atomic
def write_version(perks_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, for all renewals that are paid from now on."""
    perks = TierPerks.objects.select_for_update(no_key=True, of=("self",)).select_related("tier").get(pk=perks_id)
    before = values_of(perks)
    for column, value in _columns(values).items():
        setattr(perks, column, value)
    perks.version += 1
    perks.save()
    _keep(perks, timezone.now())
    record_edit(
        acting_user=acting_user,
        object_type="tier_perks",
        object_id=perks.pk,
        object_label=str(perks),
        before=before,
        after=values_of(perks),
        version=perks.version,
        reason=reason,
    )


def values_of(perks: TierPerks) -> dict[str, Any]:
    """The editable fields as JSON values."""
    return {"renewal_credit_percent": f"{perks.renewal_credit_percent:.2f}", "kinds": list(perks.kinds)}


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    percent = Decimal(str(values["renewal_credit_percent"]))
    return {"renewal_credit_percent": percent, "kinds": list(values["kinds"])}


def _keep(perks: TierPerks, effective_at: datetime) -> None:
    TierPerksVersion.objects.create(
        perks=perks, version=perks.version, values=values_of(perks), effective_at=effective_at
    )
