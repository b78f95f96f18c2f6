"""The one question of each function in the morning."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account
from accounts.tiers.falling import falling
from accounts.tiers.queries import scheme_now
from loyalty.core.people.models import User
from rewards.caps.models import CapPeriod
from rewards.ledger.snapshot import one_snapshot
from rewards.ledger.standing import currencies_held, owed_on
from rewards.ledger.translating import together

WEEK = timedelta(days=7)
ALERT_SHARE = Decimal("0.80")


@dataclass(frozen=True)
class Owed:
    """The liability now and a week ago, in the reporting currency; or `problem`, the rate that is missing."""

    now: Decimal
    week_ago: Decimal
    problem: str = ""

    @property
    def moved(self) -> Decimal:
        return self.now - self.week_ago


def owed(now: datetime) -> Owed:
    """What the programme owes in all units together, each valued by the rates of the day that is meant."""
    today, week_ago = now.date(), (now - WEEK).date()
    with one_snapshot():
        units = currencies_held()
        owing = together(units, today)
        before = together(units, week_ago, lambda unit: owed_on(unit, week_ago))
    return Owed(owing.total, before.total, owing.problem or before.problem)


def caps_above_alert(now: datetime) -> list[CapPeriod]:
    """Running periods of active caps that are at 80 % or more, the fullest first."""
    today = now.date()
    running = CapPeriod.objects.filter(
        cap__is_active=True, starts_on__lte=today, ends_on__gt=today, cap__limit__gt=0
    ).select_related("cap")
    return sorted(
        (p for p in running if (p.reserved + p.spent) >= ALERT_SHARE * p.cap.limit),
        key=lambda p: (-(p.reserved + p.spent) / p.cap.limit, p.pk),
    )


def about_to_step_down(user: User, limit: int) -> dict[str, Any]:
    """The first accounts that are about to step down a tier, the soonest first, and how many there are.

    Those in the person's own book; all of them for somebody who has none.
    """
    scheme = scheme_now()
    has_book = Account.objects.filter(cs_manager=user).exists()
    found = falling(scheme.scheme, manager_id=user.pk if has_book else None) if scheme else []
    return {"stepping_down": found[:limit], "stepping_down_count": len(found), "has_book": has_book}


@dataclass(frozen=True)
class Reached:
    """How many accounts reached a milestone this week and in the week before."""

    name: str
    this_week: int
    last_week: int

    @property
    def change(self) -> int:
        return self.this_week - self.last_week


def milestones_reached(now: datetime) -> list[Reached]:
    """Live milestones by name, seven days to now against the seven before."""
    rows = (
        MilestoneReach.objects.filter(reached_at__gt=now - 2 * WEEK, reached_at__lte=now, withdrawn_at=None)
        .values("milestone__name")
        .annotate(
            this_week=Count("id", filter=Q(reached_at__gt=now - WEEK)),
            last_week=Count("id", filter=Q(reached_at__lte=now - WEEK)),
        )
        .order_by("milestone__name")
    )
    return [Reached(r["milestone__name"], r["this_week"], r["last_week"]) for r in rows]
