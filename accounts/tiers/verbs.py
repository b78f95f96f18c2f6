"""Writing the scheme of tiers.

Invariants: the values of a version never change; who holds which tier is worked
out from versions and facts, never written by hand.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.facts.verbs import mark_all
from accounts.tiers.models import Tier, TierScheme, TierSchemeVersion
from accounts.tiers.rules import SHIPPED, clean_values
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.people.models import User

SCHEME_ID = 1
LABEL = "Tiers"


@transaction.atomic
def ensure_shipped(*, effective_at: datetime | None = None) -> TierScheme:
    """Make the shipped scheme, in force from `effective_at` (UTC, default now), unless there is one."""
    found = TierScheme.objects.filter(pk=SCHEME_ID).first()
    if found:
        return found
    values = clean_values(SHIPPED, {})
    made = TierScheme.objects.create(pk=SCHEME_ID, values=values)
    _keep(made, effective_at or timezone.now())
    _name_tiers(values)
    record(
        AuditVerb.CREATED,
        acting_user=None,
        object_type="tier_scheme",
        object_id=made.pk,
        object_label=LABEL,
        after=values,
        reason="Shipped with the application",
    )
    return made


@transaction.atomic
def write_version(scheme_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, from today (UTC) on. Who may do so was decided by the caller.

    All accounts are marked, so that today's tiers follow within seconds; earlier
    days keep theirs.
    """
    kept = TierScheme.objects.select_for_update(no_key=True).get(pk=scheme_id)
    before = kept.values
    kept.values, kept.version = dict(values), kept.version + 1
    kept.save()
    now = timezone.now()
    _keep(kept, now)
    _name_tiers(values)
    mark_all(now.date())
    record_edit(
        acting_user=acting_user,
        object_type="tier_scheme",
        object_id=kept.pk,
        object_label=LABEL,
        before=before,
        after=kept.values,
        version=kept.version,
        reason=reason,
    )


def _keep(scheme: TierScheme, effective_at: datetime) -> None:
    TierSchemeVersion.objects.create(version=scheme.version, values=scheme.values, effective_at=effective_at)


def _name_tiers(values: Mapping[str, Any]) -> None:
    """Tiers outlive their scheme: what was held once keeps its name."""
    for tier in values["tiers"]:
        Tier.objects.update_or_create(key=tier["key"], defaults={"name": tier["name"]})
