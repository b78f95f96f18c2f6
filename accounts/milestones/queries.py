"""Reading milestones: the list, one with its history, and whom terms would reach."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.milestones.matching import COMPARE, REACHED_SINCE
from accounts.milestones.models import Milestone, MilestoneReach, MilestoneVersion
from accounts.milestones.rules import MEASURED_DAYS, Measured, MilestoneTerms
from accounts.usage.models import Event, KeyAction

RECENT_DAYS = 30
RECENT_EVENTS = 5000
CSV_HEADER = (
    "milestone",
    "condition",
    "event",
    "count",
    "within_days",
    "counts_from",
    "status",
    "version",
    "reached_30_days",
    "reached",
)


def measure(terms: MilestoneTerms, now_terms: MilestoneTerms | None, *, now: datetime | None = None) -> Measured:
    """Whom the terms would have reached in the last MEASURED_DAYS days, against `now_terms`.

    Measured from the events themselves, by the very definition that detection uses.
    """
    against = now_terms or terms
    with connection.cursor() as cursor:
        cursor.execute(
            COMPARE,
            {
                **_parameters(terms, now),
                "now_event_name": against.event_name,
                "now_count": against.count,
                "now_within_days": against.within_days,
                "now_counts_from": against.counts_from,
            },
        )
        reached, reached_now, adds, drops, added, dropped = cursor.fetchone()
    return Measured(reached, reached_now if now_terms else None, adds, drops, list(added), list(dropped))


def accounts_reached(terms: MilestoneTerms, *, now: datetime | None = None) -> list[int]:
    """Ids of the accounts that the terms would have reached in the last MEASURED_DAYS days."""
    with connection.cursor() as cursor:
        cursor.execute(REACHED_SINCE, _parameters(terms, now))
        return [account_id for (account_id,) in cursor.fetchall()]


def _parameters(terms: MilestoneTerms, now: datetime | None) -> dict[str, Any]:
    return {
        "event_name": terms.event_name,
        "count": terms.count,
        "within_days": terms.within_days,
        "counts_from": terms.counts_from,
        "since": (now or timezone.now()) - timedelta(days=MEASURED_DAYS),
        "accounts": None,
    }


def listed(status: str = "") -> QuerySet[Any]:
    """Milestones by name, each with `reached` and `reached_recently` (last RECENT_DAYS days)."""
    since = timezone.now() - timedelta(days=RECENT_DAYS)
    stands = Q(reaches__withdrawn_at=None)
    rows = Milestone.objects.select_related("counts_from").annotate(
        reached=Count("reaches", filter=stands),
        reached_recently=Count("reaches", filter=stands & Q(reaches__reached_at__gte=since)),
    )
    if status:
        rows = rows.filter(status=status)
    return rows.order_by("name", "id")


def csv_rows(rows: QuerySet[Any]) -> Iterator[list[object]]:
    """One line a milestone, in the order of CSV_HEADER."""
    for row in rows:
        start = row.counts_from.name if row.counts_from else ""
        asked = [row.name, row.terms.in_words(), row.event_name, row.count, row.within_days, start]
        yield [*asked, row.status, row.version, row.reached_recently, row.reached]


@dataclass(frozen=True)
class Version:
    """One version with its condition in words."""

    version: MilestoneVersion
    condition: str


def versions_of(milestone: Milestone) -> list[Version]:
    """All versions, the newest first."""
    return [Version(v, v.terms.in_words()) for v in milestone.versions.select_related("counts_from")]


def latest_reaches(milestone: Milestone, limit: int = 8) -> list[MilestoneReach]:
    """Who reached it last."""
    return list(milestone.reaches.filter(withdrawn_at=None).select_related("account")[:limit])


def known_event_names() -> list[str]:
    """Names among the events that came in last, to choose from while typing."""
    recent = Event.objects.order_by("-id").values_list("name", flat=True)[:RECENT_EVENTS]
    return sorted(set(recent))


def key_action_names() -> list[str]:
    """The event names that count as key actions."""
    return list(KeyAction.objects.values_list("event_name", flat=True))
