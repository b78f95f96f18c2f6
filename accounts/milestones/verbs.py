"""Recording who reached what, and writing versions of milestones.

Invariants: the terms of a version never change; before new terms hold, what
was reached under the old ones is recorded; what had been reached already when
terms became live is recorded too, and fires nothing. The facts of its days
follow, so that they never depend on what else comes in later.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.milestones.matching import DETECT, LOOK_AGAIN, WITHDRAW
from accounts.milestones.models import Milestone, MilestoneVersion
from accounts.milestones.rules import FIRES_UP_TO, MilestoneStatus, clean_values, followers, in_order
from accounts.milestones.starts import check_start, starts
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.naming import free_key
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function

# Held shared by detection and alone by a change of terms: without it the two could each
# wait for a reach that the other is writing.
TERMS_LOCK = "hashtextextended('milestone terms', 0)"
# Field of an edit → column of the milestone and of its versions.
COLUMNS = {
    "name": "name",
    "event_name": "event_name",
    "count": "count",
    "within_days": "within_days",
    "counts_from": "counts_from_id",
    "status": "status",
}


@transaction.atomic
def detect(account_ids: Sequence[int] | None, *, milestone_id: int | None = None, now: datetime | None = None) -> int:
    """Record every live milestone that the accounts (None: all) have reached; returns how many rows were written.

    With `milestone_id`: this one, and those that count from it. Harmless when
    repeated or run by two workers at once. A late event that makes a reach earlier
    corrects its day; one that moves the start, so that a reach falls out of its
    days, takes it back; neither changes whether it fires.

    A reach fires when its event happened since the milestone went live with
    these terms, and within FIRES_UP_TO before `now` (UTC, default the present).
    """
    return _record(account_ids, milestone_id, now=now)


@transaction.atomic
def take_effect(milestone_id: int) -> None:
    """Record who reaches a milestone, and what counts from it, by the terms of now; the facts follow in seconds.

    Call it in the transaction of the change of terms.
    """
    if _record(None, milestone_id, marks=True):
        ring_on_commit()


def _record(
    account_ids: Sequence[int] | None, milestone_id: int | None, *, now: datetime | None = None, marks: bool = False
) -> int:
    moment = now or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({TERMS_LOCK})")
        known = starts()
        wanted = set(known) if milestone_id is None else followers(known, milestone_id)
        parameters = {
            "accounts": list(account_ids) if account_ids is not None else None,
            "fires_from": moment - FIRES_UP_TO,
            "marks": marks,
        }
        written = 0
        for step in in_order({one: start for one, start in known.items() if one in wanted}):
            for statement in (DETECT, WITHDRAW):
                cursor.execute(statement, parameters | {"milestones": step})
                written += int(cursor.fetchone()[0])
        return written


@transaction.atomic
def look_again(left: Collection[tuple[int, str]]) -> None:
    """Take back what these accounts have reached by events of these names, some of which are no longer theirs.

    The next detection, for which the accounts must be marked, records again what is still reached; it fires no second
    time.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({TERMS_LOCK})")
        accounts, names = [account for account, _ in left], [name for _, name in left]
        cursor.execute(LOOK_AGAIN, {"accounts": accounts, "names": names})


@transaction.atomic
def create_milestone(values: Mapping[str, Any], *, acting_user: User) -> Milestone:
    """Make a draft that reaches nobody until it goes live.

    Raises NotAllowed outside Product, DomainError when the values make no sense.
    """
    check_member(acting_user, Function.PRODUCT)
    clean = clean_values({}, {**values, "status": MilestoneStatus.DRAFT.value})
    check_start(None, clean["counts_from"])
    key = free_key(clean["name"], Milestone.objects.all(), "milestone")
    milestone = Milestone(key=key, **_columns(clean))
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
    # A proposal that is older than this field has none.
    values = {"counts_from": None, **values}
    check_start(milestone_id, values["counts_from"])
    before = values_of(milestone)
    take_effect(milestone_id)
    for column, value in _columns(values).items():
        setattr(milestone, column, value)
    milestone.version += 1
    milestone.save()
    keep_version(milestone, timezone.now())
    take_effect(milestone_id)
    record_edit(
        acting_user=acting_user,
        object_type="milestone",
        object_id=milestone.pk,
        object_label=milestone.name,
        before=before,
        after=values_of(milestone),
        version=milestone.version,
        reason=reason,
    )


def values_of(milestone: Milestone | MilestoneVersion) -> dict[str, Any]:
    """The editable fields as JSON values."""
    return {field: getattr(milestone, column) for field, column in COLUMNS.items()}


def keep_version(milestone: Milestone, effective_at: datetime) -> None:
    """Write down the terms of now as those of the milestone's version, from `effective_at` (UTC) on."""
    MilestoneVersion.objects.create(
        milestone=milestone, version=milestone.version, effective_at=effective_at, **_columns(values_of(milestone))
    )


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    return {column: values[field] for field, column in COLUMNS.items()}
