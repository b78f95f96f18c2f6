"""Making segments and writing versions of them.

Invariants: the terms of a version never change; who is in a segment is worked
out from versions and facts, never written by hand.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.conditions.queries import vocabulary
from accounts.facts.verbs import mark_all
from accounts.segments.models import Segment, SegmentVersion
from accounts.segments.rules import FIELD_LABELS, NOT_FOR_SEGMENTS, SegmentStatus, clean_values
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function

FIELDS = tuple(FIELD_LABELS)
NEW = {"goal": "", "reward": "", "priority": 50, "status": SegmentStatus.DRAFT.value}


@transaction.atomic
def create_segment(values: Mapping[str, Any], *, acting_user: User) -> Segment:
    """Make a draft that nobody is in until it goes live.

    Takes `name` and `rule` (JSON), and if wanted `goal`, `reward` and `priority`. Raises NotAllowed
    outside CS, DomainError and BadRule when the values make no sense.
    """
    check_member(acting_user, Function.CS)
    given = {**NEW, **values, "status": SegmentStatus.DRAFT.value}
    clean = clean_values(given, given, vocabulary(without=NOT_FOR_SEGMENTS))
    segment = Segment(key=_free_key(clean["name"]), **clean)
    segment.save(force_insert=True)
    keep_version(segment, timezone.now())
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="segment",
        object_id=segment.pk,
        object_label=segment.name,
        after=values_of(segment),
    )
    return segment


@transaction.atomic
def write_version(segment_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, from today (UTC) on. Who may do so was decided by the caller.

    All accounts are marked, so that today's segments follow within seconds; earlier days keep theirs.
    """
    segment = Segment.objects.select_for_update(no_key=True).get(pk=segment_id)
    before = values_of(segment)
    for field in FIELDS:
        setattr(segment, field, values[field])
    segment.version += 1
    segment.save(update_fields=[*FIELDS, "version"])
    keep_version(segment, timezone.now())
    after = values_of(segment)
    if _moves_accounts(before, after):
        mark_all(timezone.now().date())
    record_edit(
        acting_user=acting_user,
        object_type="segment",
        object_id=segment.pk,
        object_label=segment.name,
        before=before,
        after=after,
        version=segment.version,
        reason=reason,
    )


def _moves_accounts(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    if SegmentStatus.LIVE not in (before["status"], after["status"]):
        return False
    return any(before[field] != after[field] for field in ("status", "rule", "priority"))


def values_of(segment: Segment) -> dict[str, Any]:
    """The editable fields as JSON values."""
    return {field: getattr(segment, field) for field in FIELDS}


def keep_version(segment: Segment, effective_at: datetime) -> None:
    """Write down the terms of now as those of the segment's version, from `effective_at` (UTC) on."""
    SegmentVersion.objects.create(
        segment=segment, version=segment.version, effective_at=effective_at, **values_of(segment)
    )


def _free_key(name: str) -> str:
    base = slugify(name)[:50] or "segment"
    taken = set(Segment.objects.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for n in range(1, len(taken) + 2) if (key := base if n == 1 else f"{base}-{n}") not in taken)
