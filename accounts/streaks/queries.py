"""Reading streaks and tracks: the list, one with its history, and whom terms would reach."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.milestones.rules import MEASURED_DAYS, Measured, MilestoneStatus
from accounts.records.models import Account
from accounts.streaks.comparing import COMPARE
from accounts.streaks.models import Pattern, PatternCounted, Streak, StreakReach, StreakVersion
from accounts.streaks.rules import StreakKind, StreakTerms
from accounts.usage.models import DailyUsage

RECENT_DAYS = 30
CSV_HEADER = ("name", "condition", "status", "version", "reached_30_days", "reached")


def measure(terms: StreakTerms, now_terms: StreakTerms | None, *, now: datetime | None = None) -> Measured:
    """Whom the terms would have reached in the last MEASURED_DAYS days, against `now_terms`."""
    since = (now or timezone.now()).date() - timedelta(days=MEASURED_DAYS)
    parameters: dict[str, Any] = {"since": since, "company_zone": settings.COMPANY_TIME_ZONE}
    parameters |= _side("asked", terms) | _side("now", now_terms or terms)
    with connection.cursor() as cursor:
        cursor.execute(COMPARE, parameters)
        reached, reached_now, adds, drops, added, dropped = cursor.fetchone()
    return Measured(reached, reached_now if now_terms else None, adds, drops, list(added), list(dropped))


def _side(name: str, terms: StreakTerms) -> dict[str, Any]:
    fields = asdict(terms)
    counted = {field: fields[field] for field in ("action", "event_name", "pace", "features", "active_days")}
    kept = Pattern.objects.filter(**counted).first()
    return {f"{name}_{field}": value for field, value in fields.items()} | {
        f"{name}_kept": kept.pk if kept and _is_counted(kept) else None
    }


def _is_counted(pattern: Pattern) -> bool:
    """Whether the runs of a pattern are kept at every account that did anything."""
    if not StreakVersion.objects.filter(pattern=pattern, status=MilestoneStatus.LIVE.value).exists():
        return False
    used = DailyUsage.objects.filter(account=OuterRef("pk"))
    counted = PatternCounted.objects.filter(account=OuterRef("pk"), pattern=pattern)
    return not Account.objects.filter(Exists(used), ~Exists(counted)).exists()


def listed(kind: StreakKind, status: str = "") -> QuerySet[Streak]:
    """Streaks or tracks by name, each with `reached` and `reached_recently` (last RECENT_DAYS days)."""
    since, stands = timezone.now() - timedelta(days=RECENT_DAYS), Q(reaches__joined=False)
    rows = Streak.objects.filter(kind=kind.value).select_related("pattern")
    rows = rows.annotate(
        reached=Count("reaches", filter=stands),
        reached_recently=Count("reaches", filter=stands & Q(reaches__reached_at__gte=since)),
    )
    return (rows.filter(status=status) if status else rows).order_by("name", "id")


def csv_rows(rows: QuerySet[Streak]) -> Iterator[list[object]]:
    """One line each, in the order of CSV_HEADER."""
    for row in rows:
        counts: Any = row
        yield [row.name, row.terms.in_words(), row.status, row.version, counts.reached_recently, counts.reached]


@dataclass(frozen=True)
class Version:
    """One version with its condition in words."""

    version: StreakVersion
    condition: str


def versions_of(streak: Streak) -> list[Version]:
    """All versions, the newest first."""
    return [Version(v, v.terms.in_words()) for v in streak.versions.select_related("pattern")]


def latest_reaches(streak: Streak, limit: int = 8) -> list[StreakReach]:
    """Who reached it last."""
    return list(streak.reaches.filter(joined=False).select_related("account")[:limit])


def days_of_terms(keys: Collection[str]) -> dict[str, list[date]]:
    """By key, the days (UTC) on which other terms came to tell a streak's facts: first that of its going live.

    Only what makes a unit count, and whether it is live, changes what the facts tell.
    """
    versions = StreakVersion.objects.filter(streak__key__in=keys).order_by("streak_id", "version")
    found: dict[str, list[date]] = {}
    told: dict[str, int | None] = {}
    for key, pattern, status, at in versions.values_list("streak__key", "pattern_id", "status", "effective_at"):
        tells = pattern if status == MilestoneStatus.LIVE.value else None
        if tells != told.get(key):
            found.setdefault(key, []).append(at.astimezone(UTC).date())
        told[key] = tells
    return found
