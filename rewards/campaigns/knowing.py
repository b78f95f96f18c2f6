"""What the terms of campaigns may speak of now: rewards, milestones and the like, and the facts of rules."""

from accounts.conditions.queries import vocabulary
from accounts.milestones.models import Milestone
from accounts.segments.models import Segment
from accounts.streaks.models import Streak
from accounts.streaks.rules import StreakKind
from accounts.tiers.models import Tier
from rewards.campaigns.rules.parameters import Names
from rewards.campaigns.rules.terms import Known
from rewards.catalogue.queries import offerable


def object_names() -> Names:
    """Of each kind of object that a trigger can speak of: key → name."""
    streaks = list(Streak.objects.values_list("kind", "key", "name"))
    return {
        "milestone": dict(Milestone.objects.values_list("key", "name")),
        "segment": dict(Segment.objects.values_list("key", "name")),
        "streak": {key: name for kind, key, name in streaks if kind == StreakKind.STREAK},
        "tier": dict(Tier.objects.values_list("key", "name")),
        "track": {key: name for kind, key, name in streaks if kind == StreakKind.TRACK},
    }


def known() -> Known:
    """All of it, read now."""
    rewards = list(offerable().values_list("key", "kind", "name"))
    return Known(
        rewards={key: kind for key, kind, _ in rewards},
        reward_names={key: name for key, _, name in rewards},
        names=object_names(),
        vocabulary=vocabulary(),
    )
