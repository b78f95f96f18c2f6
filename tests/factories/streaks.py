from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts.milestones.rules import MilestoneStatus
from accounts.streaks.models import Streak
from accounts.streaks.rules import Action, Pace, StreakKind, clean_values
from accounts.streaks.verbs import make_streak

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAILY: Mapping[str, Any] = {"action": Action.EVENT.value, "event_name": "Report Exported", "pace": Pace.DAY.value}


def streak_factory(
    kind: StreakKind = StreakKind.STREAK, *, effective_at: datetime = LONG_AGO, key: str = "", **values: Any
) -> Streak:
    """A live streak of 3 days in a row without a window, or a live track, as it would be after a change request."""
    given = {"name": "Exports", "length": 3, "status": MilestoneStatus.LIVE.value, **values}
    if kind is StreakKind.STREAK:
        given = {**DAILY, **given}
    clean = clean_values(kind, {}, given)
    return make_streak(kind, key or f"{kind.value}-{Streak.objects.count() + 1}", clean, effective_at)
