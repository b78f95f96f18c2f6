"""Why a dated fact sets no campaign off for an account now: it is not there, or it can no longer fire.

Told from the rooms that record the facts: what is there, since when, and what is missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from accounts.conditions.queries import explain
from accounts.conditions.rules.reading import BadRule, read_rule
from accounts.contacts.models import QuizAnswer
from accounts.facts.models import AccountFacts
from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account
from accounts.referrals.models import Referral
from accounts.renewals.models import Renewal
from accounts.segments.models import Segment, SegmentMove
from accounts.streaks.models import Streak, StreakReach
from accounts.streaks.rules import Pace, units_in_words
from accounts.tiers.models import Tier, TierMove
from loyalty.core.figures import day_text, number_text
from rewards.campaigns.models import Campaign
from rewards.campaigns.rules.terms import Known
from rewards.campaigns.rules.trigger import TriggerKind
from rewards.campaigns.scope import WAITS_UP_TO


@dataclass(frozen=True)
class Asked:
    """One account before one campaign, with the latest facts of the account and what rules may speak of."""

    campaign: Campaign
    account: Account
    facts: AccountFacts
    words: Known

    @property
    def key(self) -> str:
        """The key of the object that the trigger speaks of; "" for any."""
        return str(self.campaign.trigger_parameters.get(self.campaign.trigger_kind) or "")

    @property
    def name(self) -> str:
        return f"“{self.words.names.get(self.campaign.trigger_kind, {}).get(self.key, self.key)}”"


@dataclass(frozen=True)
class Happened:
    """What happened last, in words that a day follows, and when (a day in UTC); `now` says how it stands."""

    words: str
    on: date
    now: str = ""


Look = Callable[[Asked], Happened | str]
"""What happened last, or a sentence that says that nothing did."""


def why_nothing_fires(asked: Asked, now: datetime) -> str:
    """One or two sentences for a trigger that is a dated fact."""
    happened = _LOOKS[TriggerKind(asked.campaign.trigger_kind)](asked)
    if isinstance(happened, str):
        return happened
    why = f"{happened.words} on {day_text(happened.on)}, {_too_late(asked.campaign, happened.on, now)}"
    return f"{why}; {happened.now}." if happened.now else f"{why}."


def _too_late(campaign: Campaign, on: date, now: datetime) -> str:
    if campaign.is_running and campaign.live_since and on < campaign.live_since.date():
        return "before the campaign ran"
    if on < (now - WAITS_UP_TO).date():
        return f"longer ago than the {number_text(WAITS_UP_TO.days)} days in which it can still fire"
    return "but it was known too late, or not brought about by the account itself"


def _milestone(asked: Asked) -> Happened | str:
    reaches = MilestoneReach.objects.filter(account=asked.account, milestone__key=asked.key, withdrawn_at=None)
    last = reaches.order_by("-reached_at").first()
    return Happened("It was reached", last.reached_at.date()) if last else f"{asked.name} has not been reached yet."


def _streak(asked: Asked) -> Happened | str:
    reaches = StreakReach.objects.filter(account=asked.account, streak__key=asked.key, joined=False)
    last = reaches.order_by("-reached_at").first()
    streak = Streak.objects.select_related("pattern").filter(key=asked.key).first()
    held: Mapping[str, list[int]] = asked.facts.streaks or {}
    now = ""
    if streak and asked.key in held:
        pace = Pace(streak.pattern.pace)
        now = f"{units_in_words(held[asked.key][0], pace)} in a row now, and it takes {streak.length}"
    if last:
        return Happened("It was last reached", last.reached_on, now)
    age, within = asked.facts.days_since_sign_up, streak.within_days if streak else None
    if within is not None and age is not None and age > within:
        return f"{asked.name} was not reached in the {number_text(within)} days after sign-up in which it counts."
    return f"{asked.name} has not been reached yet{f': {now}' if now else ''}."


def _segment(asked: Asked) -> Happened | str:
    if asked.key not in asked.facts.segments:
        return f"Not in the segment {asked.name}{_why_not_in(asked)}."
    moves = SegmentMove.objects.filter(account=asked.account, segment__key=asked.key, entered=True, withdrawn_at=None)
    last = moves.order_by("-day", "-id").first()
    return Happened("It entered", last.day) if last else "It has been in the segment since before its first known day."


def _why_not_in(asked: Asked) -> str:
    segment = Segment.objects.filter(key=asked.key).first()
    try:
        rule = read_rule(segment.rule, asked.words.vocabulary) if segment else None
    except BadRule:
        rule = None
    told = explain(rule, asked.words.vocabulary, asked.account.pk, day=asked.facts.day) if rule else None
    return f", {told.reasons}" if told and told.reasons and not told.told.truth else ""


def _tier(asked: Asked) -> Happened | str:
    moves = TierMove.objects.filter(account=asked.account, is_up=True, withdrawn_at=None).select_related("tier")
    last = (moves.filter(tier__key=asked.key) if asked.key else moves).order_by("-day", "-id").first()
    held = Tier.objects.filter(key=asked.facts.tier).first() if asked.facts.tier else None
    standing = f"holds {held}" if held else "holds no tier"
    if last is None:
        return f"{asked.name} has not been reached yet: it {standing}." if asked.key else f"It {standing}."
    return Happened(f"It rose to {last.tier}", last.day, f"it {standing}")


def _referral(asked: Asked) -> Happened | str:
    last = Referral.objects.filter(referrer=asked.account).order_by("-converted_at").first()
    if last:
        return Happened("An account that it referred last paid its first invoice", last.converted_at.date())
    sent = Account.objects.filter(referred_by=asked.account.external_id).count()
    if not sent:
        return "It has referred nobody."
    return f"{number_text(sent)} referred, and none of them has paid a first invoice yet."


def _quiz(asked: Asked) -> Happened | str:
    answers = QuizAnswer.objects.filter(contact__account=asked.account, is_first=True)
    last = answers.order_by("-answered_at").first()
    return Happened("A contact last completed it", last.answered_at.date()) if last else "No contact has completed it."


def _renewal(asked: Asked) -> Happened | str:
    last = Renewal.objects.filter(account=asked.account, withdrawn_at=None).first()
    if last is None:
        return "No renewal that is billed by the year or longer has been paid yet."
    return Happened("It last paid a renewal", last.paid_at.date())


_LOOKS: dict[TriggerKind, Look] = {
    TriggerKind.MILESTONE: _milestone,
    TriggerKind.STREAK: _streak,
    TriggerKind.TRACK: _streak,
    TriggerKind.SEGMENT: _segment,
    TriggerKind.TIER: _tier,
    TriggerKind.REFERRAL: _referral,
    TriggerKind.QUIZ: _quiz,
    TriggerKind.RENEWAL_PAID: _renewal,
}
