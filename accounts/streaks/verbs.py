"""Counting runs, recording who reached what, and writing versions of streaks and tracks.

Invariants: the terms of a version never change; before new terms hold, what was
reached under the old ones is recorded; what had been reached already when terms
became live is recorded too, and fires nothing.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.milestones.rules import FIRES_UP_TO, MilestoneStatus
from accounts.streaks.counting import COUNT_RUNS
from accounts.streaks.models import Pattern, Streak, StreakVersion
from accounts.streaks.reaching import DETECT
from accounts.streaks.rules import FIELDS, OBJECT_TYPES, StreakKind, clean_values
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.naming import free_key
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function

# Held shared by detection and alone by a change of terms, as with milestones.
TERMS_LOCK = "hashtextextended('streak terms', 0)"
_PATTERN_FIELDS = ("action", "event_name", "pace", "features", "active_days")
_OWN_FIELDS = ("name", "length", "within_days", "status")

# Days before a streak first went live are told by its first live terms, so that going live touches them all;
# a later edit touches the facts from its own day (UTC) on.
_MARK = """
INSERT INTO accounts_factsdirty (account_id, day)
SELECT a.id, CASE WHEN %(all_days)s THEN u.day ELSE %(today)s END
FROM accounts_account a
CROSS JOIN LATERAL (SELECT d.day FROM accounts_dailyusage d WHERE d.account_id = a.id ORDER BY d.day LIMIT 1) AS u
ORDER BY a.id
"""


def count_runs(first_days: Mapping[int, date | None], *, now: datetime | None = None) -> None:
    """Count what live streaks ask for: of an account, all that may differ since a day (UTC).

    None: nothing new has come, so that only patterns are counted that never were at the account. Then
    reaches of the same accounts are recorded. Call inside a transaction that holds the locks of the accounts.
    """
    if not first_days:
        return
    parameters: dict[str, Any] = {
        "accounts": list(first_days),
        "first_days": list(first_days.values()),
        "company_zone": settings.COMPANY_TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT_RUNS, parameters)
        counted = {account: None if is_first else first_days[account] for account, is_first in cursor.fetchall()}
    if counted:
        detect(counted, now=now)


@transaction.atomic
def detect(
    first_days: Mapping[int, date | None] | None, *, streak_id: int | None = None, now: datetime | None = None
) -> int:
    """Record every live streak that the runs of the accounts (None: all) reach; returns how many rows were written.

    A first day (UTC) says that nothing has changed before it. One statement, harmless when repeated or run by
    two workers at once. A reach fires when its event happened since the streak went live with these terms,
    and within FIRES_UP_TO before `now` (UTC, default the present).
    """
    moment = now or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({TERMS_LOCK})")
        cursor.execute(
            DETECT,
            {
                "accounts": list(first_days) if first_days is not None else None,
                "first_days": list(first_days.values()) if first_days is not None else None,
                "streak": streak_id,
                "fires_from": moment - FIRES_UP_TO,
                "company_zone": settings.COMPANY_TIME_ZONE,
            },
        )
        return int(cursor.fetchone()[0])


@transaction.atomic
def create_streak(kind: StreakKind, values: Mapping[str, Any], *, acting_user: User) -> Streak:
    """Make a draft that reaches nobody until it goes live.

    Raises NotAllowed outside Product, DomainError when the values make no sense.
    """
    check_member(acting_user, Function.PRODUCT)
    clean = clean_values(kind, {}, {**values, "status": MilestoneStatus.DRAFT.value})
    streak = make_streak(kind, free_key(clean["name"], Streak.objects.all(), kind.value), clean, timezone.now())
    _told(AuditVerb.CREATED, streak, acting_user, after=values_of(streak))
    return streak


def make_streak(kind: StreakKind, key: str, clean: Mapping[str, Any], effective_at: datetime) -> Streak:
    """Write a streak of clean values and its first version; the trace of it is the caller's."""
    streak = Streak(kind=kind.value, key=key)
    _set(streak, clean)
    streak.save(force_insert=True)
    keep_version(streak, effective_at)
    if streak.status == MilestoneStatus.LIVE:
        _mark(all_days=True)
    return streak


@transaction.atomic
def write_version(streak_id: int, values: Mapping[str, Any], acting_user: User | None, reason: str) -> None:
    """Make the clean values the next version, from now on. Who may do so was decided by the caller."""
    # Not FOR UPDATE, which would make every reach that is being written wait.
    streak = Streak.objects.select_for_update(no_key=True).get(pk=streak_id)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({TERMS_LOCK})")
    before, counted_before = values_of(streak), (streak.pattern_id, streak.status)
    detect(None, streak_id=streak_id)
    _set(streak, values)
    streak.version += 1
    streak.save()
    was_live = streak.versions.filter(status=MilestoneStatus.LIVE.value).exists()
    keep_version(streak, timezone.now())
    detect(None, streak_id=streak_id)
    if (streak.pattern_id, streak.status) != counted_before and (was_live or streak.status == MilestoneStatus.LIVE):
        _mark(all_days=not was_live)
    record_edit(
        acting_user=acting_user,
        object_type=OBJECT_TYPES[StreakKind(streak.kind)],
        object_id=streak.pk,
        object_label=streak.name,
        before=before,
        after=values_of(streak),
        version=streak.version,
        reason=reason,
    )


def values_of(streak: Streak | StreakVersion) -> dict[str, Any]:
    """The editable fields as JSON values."""
    own = {field: getattr(streak, field) for field in _OWN_FIELDS}
    counted = {field: getattr(streak.pattern, field) for field in _PATTERN_FIELDS}
    return {field: {**own, **counted}[field] for field in FIELDS}


def keep_version(streak: Streak, effective_at: datetime) -> None:
    """Write down the terms of now as those of the streak's version, from `effective_at` (UTC) on."""
    StreakVersion.objects.create(
        streak=streak,
        version=streak.version,
        effective_at=effective_at,
        pattern=streak.pattern,
        **{field: getattr(streak, field) for field in _OWN_FIELDS},
    )


def _set(streak: Streak, clean: Mapping[str, Any]) -> None:
    for field in _OWN_FIELDS:
        setattr(streak, field, clean[field])
    streak.pattern, _ = Pattern.objects.get_or_create(**{field: clean[field] for field in _PATTERN_FIELDS})


def _mark(*, all_days: bool) -> None:
    """Let the facts of all accounts be worked out again, and what is new to be counted be counted."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, {"all_days": all_days, "today": timezone.now().date()})
    ring_on_commit()


def _told(verb: AuditVerb, streak: Streak, acting_user: User | None, **told: Any) -> None:
    record(
        verb,
        acting_user=acting_user,
        object_type=OBJECT_TYPES[StreakKind(streak.kind)],
        object_id=streak.pk,
        object_label=streak.name,
        **told,
    )
