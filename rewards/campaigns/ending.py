"""What ends the approvals of a campaign while its own terms stand: what it gives became another thing.

One definition for the statement that decides what is granted without a person, and for the page that says why not.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Q
from django.urls import reverse

from loyalty.core.changes.registry import Values
from loyalty.core.people.rules import Function
from rewards.campaigns.models import Campaign
from rewards.catalogue.models import Reward, RewardVersion
from rewards.catalogue.rules import FIELD_LABELS, Basis
from rewards.catalogue.rules import field_in_words as in_words
from rewards.perks import rules as perks
from rewards.perks.models import TierPerks, TierPerksVersion

# How many may hold a reward, and whether it is offered at all, is not what each of them gets.
ASIDE = ("supply_limit", "status")
CREDIT = "renewal_credit_percent"

_ASIDE = ", ".join(f"'{field}'" for field in ASIDE)
# The first version changes nothing: what a campaign gives was there before it was approved.
_CHANGES = f"""
SELECT rung.campaign_id, became.effective_at AS at, became.id AS version, false AS is_of_perks
FROM rewards_campaignstep AS rung
JOIN rewards_rewardversion AS became ON became.reward_id = rung.reward_id
JOIN rewards_rewardversion AS was ON was.reward_id = became.reward_id AND was.version = became.version - 1
WHERE became.values - ARRAY[{_ASIDE}] <> was.values - ARRAY[{_ASIDE}]
UNION ALL
SELECT rung.campaign_id, became.effective_at, became.id, true
FROM rewards_campaignstep AS rung
JOIN rewards_reward AS given ON given.id = rung.reward_id AND given.value_basis = '{Basis.PERCENT_OF_TIER.value}'
CROSS JOIN rewards_tierperksversion AS became
JOIN rewards_tierperksversion AS was ON was.perks_id = became.perks_id AND was.version = became.version - 1
WHERE became.values -> '{CREDIT}' <> was.values -> '{CREDIT}'
"""

# The changes are worked out once, not once a campaign: all that fires asks for this.
STANDING = f"""
WITH approved AS (
    SELECT given.campaign_id, min(given.approved_at) AS since
    FROM rewards_campaignapproval AS given
    JOIN rewards_campaign AS campaign ON campaign.id = given.campaign_id AND campaign.version = given.version
    WHERE given.ended_at IS NULL
    GROUP BY given.campaign_id HAVING count(DISTINCT given.function) = {len(Function)}
)
SELECT campaign_id FROM approved WHERE campaign_id NOT IN (
    SELECT changed.campaign_id FROM ({_CHANGES}) AS changed
    JOIN approved AS before ON before.campaign_id = changed.campaign_id AND changed.at >= before.since)
"""
"""The campaigns with a standing approval: all three approved the version that stands, and what it gives is the same."""

_LAST = f"""
SELECT at, version, is_of_perks FROM ({_CHANGES}) AS changed WHERE campaign_id = %s
ORDER BY at DESC, is_of_perks, version LIMIT 1
"""


@dataclass(frozen=True)
class Change:
    """The last change of what a campaign gives, from `at` (UTC) on; `version` is the row of its new version."""

    at: datetime
    version: int
    is_of_perks: bool


@dataclass(frozen=True)
class Ending:
    """A change for people: the moment, what was changed and where it stands, and each field before and after."""

    at: datetime
    name: str
    url: str
    fields: list[tuple[str, str, str]]


def has_standing_approval(campaign: Campaign) -> bool:
    """Whether offers of the campaign that are below every threshold are granted without a person."""
    return campaign.pk in _standing()


def last_change(campaign_id: int) -> Change | None:
    """The last change of a reward of the ladder, or of the perks that one of them gives; None when there was none."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [campaign_id])
        row = cursor.fetchone()
    return Change(*row) if row else None


def stamp_of(change: Change | None) -> str:
    """What a page says to tell which terms of the rewards were read there."""
    return change.at.isoformat() if change else ""


def hold_what_is_given(campaign: Campaign) -> None:
    """Let nobody change what the campaign gives until the transaction ends, so that an approval knows what it is of."""
    steps = list(campaign.steps.values_list("reward_id", "reward__value_basis"))
    held = Reward.objects.select_for_update(no_key=True).filter(pk__in={reward for reward, _ in steps})
    list(held.order_by("pk").values_list("pk"))
    if any(basis == Basis.PERCENT_OF_TIER for _, basis in steps):
        list(TierPerks.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def ending_of(change: Change) -> Ending:
    """The change for people."""
    if not change.is_of_perks:
        became = RewardVersion.objects.select_related("reward").get(pk=change.version)
        was = RewardVersion.objects.get(reward=became.reward, version=became.version - 1)
        reward = became.reward
        before, after = was.values, became.values
        told = [
            (label, in_words(reward.currency, field, before.get(field)), in_words(reward.currency, field, after[field]))
            for field, label in FIELD_LABELS.items()
            if field not in ASIDE and before.get(field) != after[field]
        ]
        return Ending(change.at, reward.name, reverse("reward", args=[reward.pk]), told)
    now = TierPerksVersion.objects.select_related("perks__tier").get(pk=change.version)
    then = TierPerksVersion.objects.get(perks=now.perks, version=now.version - 1)
    before, after = (perks.field_in_words(CREDIT, version.values[CREDIT]) for version in (then, now))
    url = reverse("tier-perks", args=[now.perks.tier_id])
    return Ending(change.at, str(now.perks), url, [(perks.FIELD_LABELS[CREDIT], before, after)])


def ends_by_reward(reward_id: int, values: Values) -> list[str]:
    """Which standing approvals a change of a reward ends, in a sentence; nothing when it ends none."""
    latest = RewardVersion.objects.filter(reward_id=reward_id).order_by("-version").first()
    now = latest.values if latest else {}
    if all(now.get(field) == value for field, value in values.items() if field not in ASIDE):
        return []
    return _ends(Q(steps__reward=reward_id))


def ends_by_perks(perks_id: int, values: Values) -> list[str]:
    """As `ends_by_reward`, for the perks of a tier."""
    if TierPerks.objects.get(pk=perks_id).renewal_credit_percent == Decimal(str(values[CREDIT])):
        return []
    return _ends(Q(steps__reward__value_basis=Basis.PERCENT_OF_TIER.value))


def _ends(given: Q) -> list[str]:
    found = Campaign.objects.filter(given, pk__in=_standing()).order_by("name").distinct()
    names = [f"“{name}”" for name in found.values_list("name", flat=True)]
    if not names:
        return []
    approvals = "The standing approval of" if len(names) == 1 else "The standing approvals of"
    ends = "ends" if len(names) == 1 else "end"
    return [f"{approvals} {', '.join(names)} {ends} until all three functions approve again."]


def _standing() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(STANDING)
        return {campaign for (campaign,) in cursor.fetchall()}
