"""A fact that campaigns add to what rules may speak of: how ARR grew in a year."""

from accounts.conditions.rules.vocabulary import Fact
from accounts.facts.rules import Meaning, Unit
from accounts.sources.rules import Kind
from rewards.campaigns.rules.contract import GROWTH

_MEANING = Meaning(
    GROWTH,
    "ARR growth in a year",
    Unit.RATIO,
    (Kind.SUBSCRIPTION,),
    "ARR against that of the same day of the year before; unknown where that was nothing.",
)
# Twelve times MRR on both days, so the months cancel out.
_SQL = "(({row}.mrr - {row}.mrr_year_before) / nullif({row}.mrr_year_before, 0))"


def growth_facts() -> list[Fact]:
    """The fact, as the vocabulary takes it."""
    return [Fact(_MEANING, _SQL)]
