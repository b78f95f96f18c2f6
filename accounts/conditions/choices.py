"""The known values of facts that stand on lower rooms."""

from accounts.conditions.rules.vocabulary import Choice
from accounts.milestones.models import Milestone
from accounts.milestones.shipped import SHIPPED


def milestone_choices() -> list[Choice]:
    """Every milestone, retired ones too, by name; the shipped ones also before they are made."""
    shipped = {key: name for key, name, _ in SHIPPED}
    made = dict(Milestone.objects.values_list("key", "name"))
    return [Choice(key, name) for key, name in sorted((shipped | made).items(), key=lambda pair: pair[1].lower())]
