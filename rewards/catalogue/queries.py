"""Reading the catalogue."""

from rewards.catalogue.models import Reward


def reward_kinds() -> list[str]:
    """The kinds of reward that the catalogue has, in alphabetical order."""
    return list(Reward.objects.order_by("kind").values_list("kind", flat=True).distinct())


def rewarding_campaigns() -> list[tuple[int, str]]:
    """The campaigns that give something of the catalogue: (id, name) by name."""
    rows = Reward.objects.filter(campaigns__isnull=False).order_by("campaigns__name", "campaigns__id")
    return list(rows.values_list("campaigns__id", "campaigns__name"))
