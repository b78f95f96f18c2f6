"""Keeping the assumptions: making the one set there is, and the versions that were decided."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from loyalty.core.audit.verbs import record_edit
from loyalty.core.people.models import User
from rewards.affordability.models import AssumptionSet, AssumptionSetVersion
from rewards.affordability.rules.assumptions import UNSET

KIND = "assumptions"
ONLY = 1


def ensure_set() -> AssumptionSet:
    """The assumptions, written; with nothing set when there were none."""
    return AssumptionSet.objects.get_or_create(pk=ONLY, defaults={"values": dict(UNSET)})[0]


@transaction.atomic
def write_version(set_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the clean values the next version."""
    assumed = AssumptionSet.objects.select_for_update(no_key=True).get(pk=set_id)
    before, assumed.values = assumed.values, dict(values)
    assumed.version += 1
    assumed.save()
    AssumptionSetVersion.objects.create(version=assumed.version, values=assumed.values)
    record_edit(
        acting_user=acting_user,
        object_type=KIND,
        object_id=assumed.pk,
        object_label=str(assumed),
        before=before,
        after=assumed.values,
        version=assumed.version,
        reason=reason,
    )
