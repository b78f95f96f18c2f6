"""The plain peer: a loop over accounts with the ORM, as one would write it first.

For each account its facts of eight days are read, each condition is looked at in
plain Python, and each dated trigger asked for; a match looks for what it made before and is
written as an offer with its step, candidate and audit line. One transaction a match; fit, lots, supply, caps and
recipients are left out. Measured on some accounts and scaled.
"""

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.facts.models import AccountFacts
from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account
from accounts.segments.models import SegmentMove
from accounts.tiers.models import TierMove
from loyalty.core.audit.models import AuditLine
from rewards.approvals.models import ApprovalStep
from rewards.campaigns.models import Candidate
from rewards.offers.models import Offer
from tests.benchmarks.sweep_rules import WINDOW_DAYS, Asked, Match, Row, as_function, asked_now, began_on


def match_by_orm(accounts: Sequence[int], now: datetime) -> tuple[float, list[Match]]:
    """Seconds for these accounts, and what matched; what is written stays."""
    began = time.perf_counter()
    asked = [
        (one, as_function(one.condition) if one.condition else None, as_function(one.audience))
        for one in asked_now(now)
    ]
    found: list[Match] = []
    for account in Account.objects.filter(pk__in=accounts).order_by("pk"):
        first = now.date() - timedelta(days=WINDOW_DAYS)
        rows = AccountFacts.objects.filter(account=account, day__range=(first, now.date()))
        days: dict[date, Row] = {row.day: vars(row) for row in rows}
        for one, condition, audience in asked:
            day = _began(one, condition, account, days, now)
            if day and audience(days[now.date()]) and _is_new(one, account, day):
                _propose(one, account, day, now)
                found.append((one.campaign.key, account.pk, day))
    return time.perf_counter() - began, found


def _began(
    one: Asked, condition: Callable[[Row], bool] | None, account: Account, days: dict[date, Row], now: datetime
) -> date | None:
    if condition:
        return began_on(condition, days, now.date())
    since = one.campaign.live_since
    fact: Any
    match one.campaign.trigger_kind:
        case "milestone":
            reaches = MilestoneReach.objects.filter(account=account, milestone__key=one.object, fires=True)
            fact = reaches.filter(reached_at__gte=since, reached_at__lte=now).first()
            return fact.reached_at.date() if fact else None
        case "segment":
            moves = SegmentMove.objects.filter(account=account, segment__key=one.object, entered=True)
            fact = moves.filter(fires=True, withdrawn_at=None, day__gte=since).first()
        case _:
            tiers = TierMove.objects.filter(account=account, is_up=True, fires=True, withdrawn_at=None)
            fact = tiers.filter(day__gte=since).first()
    return fact.day if fact else None


def _is_new(one: Asked, account: Account, day: date) -> bool:
    quiet = timedelta(days=one.campaign.cooldown_days)
    known = Candidate.objects.filter(campaign=one.campaign, account=account, step=1)
    return not known.filter(caused_on__gt=day - quiet, caused_on__lt=day + quiet).exists()


@transaction.atomic
def _propose(one: Asked, account: Account, day: date, now: datetime) -> None:
    campaign = one.campaign
    reward = campaign.steps.select_related("reward").get(position=1).reward
    cause = f"{campaign.trigger_kind}:{day}"
    offer = Offer.objects.create(
        account=account,
        campaign=campaign,
        campaign_version=campaign.version,
        cause_key=cause,
        reward=reward,
        reward_name=reward.name,
        face_value=reward.face_value,
        discount_equivalent=reward.discount_equivalent,
        currency=reward.currency,
        validity_days=reward.validity_days,
        evidence={},
        digest="",
        awaits=[campaign.owner_function],
        due_at=now,
    )
    ApprovalStep.objects.create(offer=offer, function=campaign.owner_function, position=1, why="", due_at=now)
    Candidate.objects.create(
        campaign=campaign, account=account, cause_key=cause, caused_on=day, outcome="proposed", offer=offer
    )
    AuditLine.objects.create(actor_name="", verb="", object_type="offer", object_id=offer.pk, object_label=str(offer))
