"""The six segments that a new team starts with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.segments.models import Segment
from accounts.segments.rules import SegmentStatus
from accounts.segments.verbs import keep_version, values_of
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record

Rule = Mapping[str, Any]


def _is(fact: str, sign: str, value: str) -> Rule:
    return {"op": "compare", "fact": fact, "is": sign, "value": value}


def _all(*items: Rule) -> Rule:
    return {"op": "and", "items": list(items)}


def _any(*items: Rule) -> Rule:
    return {"op": "or", "items": list(items)}


def _unknown(fact: str) -> Rule:
    return {"op": "unknown", "fact": fact}


@dataclass(frozen=True)
class Shipped:
    """One shipped segment; its place in the list is its priority."""

    key: str
    name: str
    goal: str
    reward: str
    rule: Rule


SHIPPED = (
    Shipped(
        "at-risk",
        "At-Risk",
        "Retention",
        "One-to-one optimisation workshop",
        _all(
            _is("sign_ins_30", ">=", "1"),
            _any(_is("sign_ins_30", "<=", "4"), _is("nps", "<=", "6")),
            _any(_unknown("days_since_sign_up"), _is("days_since_sign_up", ">", "30")),
        ),
    ),
    Shipped(
        "newly-activated",
        "Newly Activated",
        "Habit formation",
        "7-day premium feature pass",
        _all(
            {"op": "has", "fact": "milestones", "how": "any", "values": ["onboarding-completed"]},
            _is("key_actions_30", ">=", "1"),
            _is("days_since_sign_up", "<=", "30"),
        ),
    ),
    Shipped(
        "expansion-ready",
        "Expansion-Ready",
        "Raise ARPU",
        "Discounted annual upgrade",
        _all(_is("seat_utilisation", ">=", "0.85"), _is("features_28", ">=", "6"), _is("active_days_28", ">=", "16")),
    ),
    Shipped(
        "power-users",
        "Power Users",
        "Advocacy and lock-in",
        "Early beta access",
        _all(_is("sign_ins_30", ">=", "60"), _is("active_days_28", ">=", "20")),
    ),
    Shipped(
        "steady",
        "Steady",
        "Keep the habit, and learn what comes next",
        "Office hours",
        _any(_is("days_since_sign_in", "<", "30"), _unknown("days_since_sign_in")),
    ),
    Shipped(
        "dormant",
        "Dormant",
        "Win back",
        "Onboarding upgrade",
        _is("days_since_sign_in", ">=", "30"),
    ),
)


@transaction.atomic
def ensure_shipped(*, effective_at: datetime | None = None) -> list[Segment]:
    """Make the shipped segments, live, unless they are there; returns all six, the first by priority first.

    They hold from `effective_at` (UTC, default now): accounts are in none before that day.
    """
    moment = effective_at or timezone.now()
    return [_ensure(shipped, place, moment) for place, shipped in enumerate(SHIPPED, start=1)]


def _ensure(shipped: Shipped, priority: int, effective_at: datetime) -> Segment:
    segment, made = Segment.objects.get_or_create(
        key=shipped.key,
        defaults={
            "name": shipped.name,
            "goal": shipped.goal,
            "reward": shipped.reward,
            "priority": priority,
            "status": SegmentStatus.LIVE.value,
            "rule": shipped.rule,
        },
    )
    if made:
        keep_version(segment, effective_at)
        record(
            AuditVerb.CREATED,
            acting_user=None,
            object_type="segment",
            object_id=segment.pk,
            object_label=segment.name,
            after=values_of(segment),
            reason="Shipped with the application",
        )
    return segment
