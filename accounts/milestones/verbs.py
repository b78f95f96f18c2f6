"""Recording who reached what, and writing versions of milestones.

Invariants: the terms of a version never change; before new terms hold, what
was reached under the old ones is recorded; what had been reached already when
terms became live is recorded too, and fires nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.milestones.matching import DETECT
from accounts.milestones.models import Milestone, MilestoneVersion
from accounts.milestones.rules import FIRES_UP_TO, MilestoneStatus
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.naming import free_key
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function

# Held shared by detection and alone by a change of terms: without it the two could each
# wait for a reach that the other is writing.
TERMS_LOCK = "hashtextextended('milestone terms', 0)"
FIELDS = ("name", "event_name", "count", "within_days", "status")


@transaction.atomic
def detect(account_ids: Sequence[int] | None, *, milestone_id: int | None = None, now: datetime | None = None) -> int:
    """Record every live milestone that the accounts (None: all) have reached; returns how many were written.

    One statement, harmless when repeated or run by two workers at once. A late
    event that makes the reach earlier corrects its day, never whether it fires.

    A reach fires when its event happened since the milestone went live with
    these terms, and within FIRES_UP_TO before `now` (UTC, default the present).
    """
    moment = now or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({TERMS_LOCK})")
        cursor.execute(
            DETECT,
            {
                "accounts": list(account_ids) if account_ids is not None else None,
                "milestone": milestone_id,
                "fires_from": moment - FIRES_UP_TO,
            },
        )
        return int(cursor.rowcount)


@transaction.atomic
def create_milestone(values: Mapping[str, Any], *, acting_user: User) -> Milestone:
    """Make a draft that reaches nobody until it goes live; raises NotAllowed outside Product."""
    check_member(acting_user, Function.PRODUCT)
    milestone = Milestone(
        key=free_key(values["name"], Milestone.objects.all(), "milestone"),
        name=values["name"],
        event_name=values["event_name"],
        count=values["count"],
        within_days=values["within_days"],
        status=MilestoneStatus.DRAFT.value,
    )
    milestone.save(force_insert=True)
    keep_version(milestone, timezone.now())
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="milestone",
        object_id=milestone.pk,
        object_label=milestone.name,
        after=values_of(milestone),
    )
    return milestone


@transaction.atomic
def write_version(milestone_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, from now on. Who may do so was decided by the caller."""
    # Not FOR UPDATE, which would make every reach that is being written wait.
    milestone = Milestone.objects.select_for_update(no_key=True).get(pk=milestone_id)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({TERMS_LOCK})")
    before = values_of(milestone)
    detect(None, milestone_id=milestone_id)
    for field in FIELDS:
        setattr(milestone, field, values[field])
    milestone.version += 1
    milestone.save(update_fields=[*FIELDS, "version"])
    keep_version(milestone, timezone.now())
    detect(None, milestone_id=milestone_id)
    after = values_of(milestone)
    changed = [field for field in FIELDS if before[field] != after[field]]
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="milestone",
        object_id=milestone.pk,
        object_label=milestone.name,
        before={field: before[field] for field in changed} | {"version": milestone.version - 1},
        after={field: after[field] for field in changed} | {"version": milestone.version},
        reason=reason,
    )


def values_of(milestone: Milestone) -> dict[str, Any]:
    """The editable fields as JSON values."""
    return {field: getattr(milestone, field) for field in FIELDS}


def keep_version(milestone: Milestone, effective_at: datetime) -> None:
    """Write down the terms of now as those of the milestone's version, from `effective_at` (UTC) on."""
    MilestoneVersion.objects.create(
        milestone=milestone, version=milestone.version, effective_at=effective_at, **values_of(milestone)
    )
