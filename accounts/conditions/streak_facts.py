"""What rules may ask of streaks: how long each goes on now, and how long it ever went on."""

from collections.abc import Iterator

from accounts.conditions.rules.vocabulary import Fact
from accounts.facts.rules import Meaning, Unit
from accounts.milestones.rules import MilestoneStatus
from accounts.sources.rules import Kind
from accounts.streaks.models import Streak
from accounts.streaks.rules import UNITS, Pace

_PLACES = (("current_streak_", "Current", 0), ("best_streak_", "Best", 1))


def streak_of(fact: str) -> str | None:
    """The key of the streak that a fact is about; None when it is about none."""
    return next((fact.removeprefix(prefix) for prefix, _, _ in _PLACES if fact.startswith(prefix)), None)


def streak_facts() -> Iterator[Fact]:
    """Two facts of each streak and track that is or was live; unknown on days when it was not."""
    rows = Streak.objects.exclude(status=MilestoneStatus.DRAFT.value).select_related("pattern").order_by("name", "id")
    for streak in rows:
        _, units = UNITS[Pace(streak.pattern.pace)]
        for prefix, word, index in _PLACES:
            yield Fact(
                Meaning(
                    name=f"{prefix}{streak.key}",
                    label=f"{word} streak of {streak.name}",
                    unit=Unit.COUNT,
                    kinds=(Kind.USAGE,),
                    says=f"In {units}, {'as it stood at' if index == 0 else 'the longest up to'} the end of the day.",
                ),
                # A key is a slug: letters, digits, hyphens and underscores only.
                f"({{row}}.streaks -> '{streak.key}' ->> {index})::int",
            )
