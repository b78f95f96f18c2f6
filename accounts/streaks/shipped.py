"""The streaks and the track that a new team starts with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.milestones.rules import MilestoneStatus
from accounts.streaks.models import Streak
from accounts.streaks.rules import DEFAULT_WINDOW, OBJECT_TYPES, Action, Pace, StreakKind, clean_values
from accounts.streaks.verbs import make_streak, values_of
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record

SHIPPED: tuple[tuple[str, StreakKind, Mapping[str, Any]], ...] = (
    (
        "key-workflow-5-days",  # whatever Product has marked as a key action
        StreakKind.STREAK,
        {
            "name": "Key workflow 5 days in a row",
            "action": Action.KEY_ACTION.value,
            "pace": Pace.WORKING_DAY.value,
            "length": 5,
            "within_days": DEFAULT_WINDOW,
        },
    ),
    (
        "sign-in-4-weeks",
        StreakKind.STREAK,
        {
            "name": "Sign-in every week for 4 weeks",
            "action": Action.SIGN_IN.value,
            "pace": Pace.WEEK.value,
            "length": 4,
            "within_days": DEFAULT_WINDOW,
        },
    ),
    (
        "power-user-track",
        StreakKind.TRACK,
        {"name": "Power-user track", "features": 5, "active_days": 3, "length": 8},
    ),
)


@transaction.atomic
def ensure_shipped(*, effective_at: datetime | None = None) -> list[Streak]:
    """Make the shipped streaks and the track, live, unless they are there; returns all of them.

    They hold from `effective_at` (UTC, default now): what was reached before it is recorded, but fires nothing.
    """
    return [_ensure(key, kind, values, effective_at or timezone.now()) for key, kind, values in SHIPPED]


def _ensure(key: str, kind: StreakKind, values: Mapping[str, Any], effective_at: datetime) -> Streak:
    known = Streak.objects.filter(key=key).first()
    if known:
        return known
    clean = clean_values(kind, {}, {**values, "status": MilestoneStatus.LIVE.value})
    streak = make_streak(kind, key, clean, effective_at)
    record(
        AuditVerb.CREATED,
        acting_user=None,
        object_type=OBJECT_TYPES[kind],
        object_id=streak.pk,
        object_label=streak.name,
        after=values_of(streak),
        reason="Shipped with the application",
    )
    return streak
