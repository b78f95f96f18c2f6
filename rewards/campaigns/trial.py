"""A dry run on one account: what each campaign would do for it now, and if nothing, why not.

The very evaluation runs, in a transaction that is taken back. A campaign that does
not run is tried as if it had gone live AS_IF_LIVE ago.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from accounts.conditions.queries import explain
from accounts.conditions.rules.tree import EVERYBODY
from accounts.facts.models import AccountFacts
from accounts.records.models import Account
from accounts.sources.freshness import stale_kinds
from accounts.sources.rules import Kind
from loyalty.core.figures import day_text
from loyalty.core.money import money
from rewards.campaigns.hits import TABLE, find_hits, hold_accounts
from rewards.campaigns.knowing import known
from rewards.campaigns.lacking import Asked, why_nothing_fires
from rewards.campaigns.live import live_campaigns, needs
from rewards.campaigns.models import Campaign, Candidate
from rewards.campaigns.rules.statuses import CampaignStatus
from rewards.campaigns.rules.terms import Known, audience_of, condition_of, needs_in_words, trigger_in_words
from rewards.campaigns.scope import FIRES_WITHIN_DAYS, Scope
from rewards.campaigns.weighing import weigh
from rewards.catalogue.models import Reward

AS_IF_LIVE = timedelta(days=FIRES_WITHIN_DAYS)
OFFER, NOTHING = "offer", "nothing"

_FOUND = f"SELECT campaign_id, coalesce(outcome, '{OFFER}'), reason, reward_id, value, step FROM {TABLE} ORDER BY n"


@dataclass(frozen=True)
class Trial:
    """What one campaign would do: `outcome` is offer, unfit, held_out, capped or nothing; `why` says so in words."""

    campaign: Campaign
    trigger: str
    outcome: str
    would: str
    why: str


@dataclass(frozen=True)
class _Found:
    outcome: str
    reason: str
    reward: Reward
    value: Decimal | None
    step: int


def try_out(account: Account, *, now: datetime) -> list[Trial]:
    """Every campaign that is not retired, those that would offer something first; writes nothing."""
    campaigns = list(Campaign.objects.exclude(status=CampaignStatus.RETIRED.value).order_by("name", "id"))
    found, stale = _evaluated(account, campaigns, now), stale_kinds(now=now)
    words, facts = known(), AccountFacts.objects.filter(account=account).order_by("-day").first()
    trials = []
    for campaign in campaigns:
        trigger = trigger_in_words(campaign.trigger, words.names)
        if hit := found.get(campaign.pk):
            trials.append(_hit(campaign, trigger, hit))
        else:
            why = _why_not(campaign, account, facts, words, stale, now)
            trials.append(Trial(campaign, trigger, NOTHING, "Nothing", why))
    order = [OFFER, "capped", "held_out", "unfit", NOTHING]
    return sorted(trials, key=lambda t: (order.index(t.outcome), t.campaign.name, t.campaign.pk))


def _evaluated(account: Account, campaigns: Sequence[Campaign], now: datetime) -> dict[int, _Found]:
    """The first match of each campaign, with what would become of it."""
    resting = [campaign.pk for campaign in campaigns if not campaign.is_running]
    scope = Scope(day=now.date(), now=now, ids=[account.pk])
    with transaction.atomic():
        Campaign.objects.filter(pk__in=resting).update(status=CampaignStatus.LIVE.value, live_since=now - AS_IF_LIVE)
        running = live_campaigns(now=now)
        hold_accounts(scope)
        rows = []
        if running and find_hits(running, scope):
            weigh(running, now)
            with connection.cursor() as cursor:
                cursor.execute(_FOUND)
                rows = cursor.fetchall()
        transaction.set_rollback(True)
    rewards = Reward.objects.in_bulk({row[3] for row in rows})
    found: dict[int, _Found] = {}
    for campaign, outcome, reason, reward, value, step in rows:
        found.setdefault(campaign, _Found(outcome, reason, rewards[reward], value, step))
    return found


def _hit(campaign: Campaign, trigger: str, found: _Found) -> Trial:
    step = "" if found.step == 1 else f", step {found.step} of its ladder"
    worth = f" worth {money(found.value, found.reward.currency)}" if found.value else ""
    would = f"{found.reward.name}{worth}{step}"
    if found.outcome != OFFER:
        return Trial(campaign, trigger, found.outcome, would, found.reason)
    resting = "" if campaign.is_running else f" It is {campaign.status}, so it does so only once it runs."
    why = f"The trigger fired, the account is of its audience, and it fits.{resting}"
    return Trial(campaign, trigger, OFFER, would, why)


def _why_not(
    campaign: Campaign,
    account: Account,
    facts: AccountFacts | None,
    words: Known,
    stale: frozenset[Kind],
    now: datetime,
) -> str:
    if facts is None:
        return "No facts of this account have been worked out yet."
    if silent := needs(campaign, words.vocabulary) & stale:
        return f"It stands on data whose source is silent: {needs_in_words(silent)}."
    audience, condition = audience_of(campaign.audience, words.vocabulary), condition_of(campaign.trigger)
    if audience != EVERYBODY:
        told = explain(audience, words.vocabulary, account.pk, day=facts.day)
        if told and not told.told.truth:
            return f"Not of its audience, {told.reasons}."
    if quiet := _quiet(campaign, account, facts):
        return quiet
    if condition is None:
        return why_nothing_fires(Asked(campaign, account, facts, words), now)
    told = explain(condition, words.vocabulary, account.pk, day=facts.day)
    if told and told.told.truth:
        return (
            f"It holds, but it did not become true within the last {FIRES_WITHIN_DAYS} days,"
            " and only what becomes true fires."
        )
    return f"The trigger does not hold on {day_text(facts.day)}, {told.reasons}." if told else "Its facts are unknown."


def _quiet(campaign: Campaign, account: Account, facts: AccountFacts) -> str:
    """Why it is quiet after it fired; empty when it is not."""
    last = Candidate.objects.filter(campaign=campaign, account=account, step=1).order_by("-caused_on").first()
    if last is None or last.caused_on is None:
        return ""
    until = last.caused_on + timedelta(days=campaign.cooldown_days)
    if until <= facts.day:
        return ""
    return f"It fired on {day_text(last.caused_on)} and keeps quiet until {day_text(until)}."
