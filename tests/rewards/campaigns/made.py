"""Facts, reaches and campaigns for tests of the evaluation; days are counted back from today."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.facts.models import AccountFacts
from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account
from rewards.campaigns.evaluating import evaluate_all
from rewards.campaigns.models import Campaign, CampaignStep
from rewards.catalogue.models import Reward
from tests.factories import AccountFactory, CampaignFactory, EventFactory, RewardFactory, milestone_of


def ago(days: int) -> date:
    return timezone.now().date() - timedelta(days=days)


def know(account: Account, days: int = 0, **facts: Any) -> None:
    """The facts of a day, so many days ago."""
    day = ago(days)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [day, day])
    AccountFacts.objects.filter(day=day, account=account).delete()
    AccountFacts.objects.create(day=day, account=account, **facts)


def history(account: Account, fact: str, *values: Any, **others: Any) -> None:
    """One value a day, the last of them today; None is unknown, ... is a day without a row."""
    for days, value in enumerate(reversed(values)):
        if value is not ...:
            know(account, days, **{fact: value}, **others)


def campaign_on(kind: str, *, rewards: list[Reward] | None = None, waits: int = 0, **changes: Any) -> Campaign:
    """A live campaign on a trigger; its parameters are `parameters=`, its ladder `rewards=`, `waits` days apart."""
    ladder = rewards or [RewardFactory()]
    parameters = changes.pop("parameters", {})
    usual: dict[str, Any] = {"trigger_kind": kind, "trigger_parameters": parameters, "cooldown_days": 90}
    campaign = CampaignFactory(reward=ladder[0], **(usual | changes))
    for n, reward in enumerate(ladder[1:], start=2):
        CampaignStep.objects.create(campaign=campaign, position=n, reward=reward, wait_days=waits)
    return campaign


def reach(campaign: Campaign, **changes: Any) -> MilestoneReach:
    """The campaign's milestone reached by an account (`account=`), yesterday unless `reached_at` says when."""
    account = changes.pop("account", None) or AccountFactory()
    usual = {"version": 1, "count": 1, "reached_at": yesterday(), "fires": True}
    event = EventFactory(account=account, occurred_at=yesterday())
    return MilestoneReach.objects.create(
        milestone=milestone_of(campaign), account=account, event=event, **(usual | changes)
    )


def yesterday() -> datetime:
    return timezone.now() - timedelta(days=1)


def evaluate() -> int:
    """Evaluate everybody; returns how many matches were dealt with."""
    return sum(evaluate_all().values())
