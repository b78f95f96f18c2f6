"""What the terms of campaigns may speak of now: rewards, milestones and the like, and the facts of rules."""

from accounts.conditions.queries import vocabulary
from accounts.milestones.models import Milestone
from rewards.campaigns.rules.parameters import Names
from rewards.campaigns.rules.terms import Known
from rewards.catalogue.queries import offerable


def object_names() -> Names:
    """Of each kind of object that a trigger can speak of: key → name."""
    return {"milestone": dict(Milestone.objects.values_list("key", "name"))}


def known() -> Known:
    """All of it, read now."""
    rewards = list(offerable().values_list("key", "kind", "name"))
    return Known(
        rewards={key: kind for key, kind, _ in rewards},
        reward_names={key: name for key, _, name in rewards},
        names=object_names(),
        vocabulary=vocabulary(),
    )
