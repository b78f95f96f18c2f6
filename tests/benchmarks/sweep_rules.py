"""The sweep's rules one account at a time: for the `rule-engine` package, and for plain Python in a loop over the ORM.

Both read the very trees that the sweep compiles to SQL, here for facts that are
all known. A match is (campaign, account, the day on which it began).
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.tree import All, AnyOf, Between, Compare, Holds, How, Node, OneOf, Sign, facts_of
from rewards.campaigns.live import live_campaigns
from rewards.campaigns.models import Campaign
from rewards.campaigns.rules.contract import GROWTH
from rewards.campaigns.rules.terms import audience_of, condition_of

WINDOW_DAYS = 7
_SIGNS: dict[Sign, Callable[[Any, Any], bool]] = {
    Sign.EQUAL: operator.eq,
    Sign.AT_LEAST: operator.ge,
    Sign.LESS: operator.lt,
}
Row = Mapping[str, Any]
Match = tuple[str, int, date]


@dataclass(frozen=True)
class Asked:
    """A running campaign: the trees of its condition (None for dated facts) and of its audience."""

    campaign: Campaign
    condition: Node | None
    audience: Node

    @property
    def object(self) -> str | None:
        """The key of the milestone, segment or tier that it is about."""
        key: str | None = self.campaign.trigger_parameters.get(self.campaign.trigger_kind)
        return key


def asked_now(now: Any) -> list[Asked]:
    """What every live campaign asks."""
    words = vocabulary()
    rows = [live.campaign for live in live_campaigns(now=now)]
    return [Asked(row, condition_of(row.trigger), audience_of(row.audience, words)) for row in rows]


def columns_of(asked: Sequence[Asked]) -> list[str]:
    """The facts that the rules look at."""
    trees = [tree for one in asked for tree in (one.condition, one.audience) if tree]
    names = {name for tree in trees for name in facts_of(tree)}
    return sorted(names - {GROWTH} | ({"mrr", "mrr_year_before"} if GROWTH in names else set()))


def began_on(is_true: Callable[[Row], bool], days: Mapping[date, Row], day: date) -> date | None:
    """The first day of the run of true days that ends today; None when it is not true, or has been for long."""
    if not is_true(days[day]):
        return None
    for back in range(1, WINDOW_DAYS + 1):
        row = days.get(day - timedelta(days=back))
        if row is None or not is_true(row):
            return day - timedelta(days=back - 1)
    return None


def as_text(node: Node) -> str:
    """The tree in the language of `rule-engine`."""
    match node:
        case All(items):
            return "(" + " and ".join(as_text(item) for item in items) + ")" if items else "true"
        case AnyOf(items):
            return "(" + " or ".join(as_text(item) for item in items) + ")"
        case Compare(fact, sign, value):
            return f"({_expression(fact)} {'==' if sign is Sign.EQUAL else sign.value} {_literal(value)})"
        case Between(fact, low, high):
            return f"({fact} >= {low} and {fact} <= {high})"
        case OneOf(fact, values):
            return f"({fact} in [{', '.join(_literal(value) for value in values)}])"
        case Holds(fact, how, values):
            told = " or ".join(f"{_literal(value)} in {fact}" for value in values)
            return f"(not ({told}))" if how is How.NONE else f"({told})"
    raise ValueError(f"The peers cannot be asked for {type(node).__name__}: leave its campaign out of the benchmark.")


def as_function(node: Node) -> Callable[[Row], bool]:
    """The tree as plain Python over a row of facts."""
    match node:
        case All(items):
            parts = [as_function(item) for item in items]
            return lambda row: all(part(row) for part in parts)
        case AnyOf(items):
            parts = [as_function(item) for item in items]
            return lambda row: any(part(row) for part in parts)
        case Compare(fact, sign, value):
            compare = _SIGNS[sign]
            if fact == GROWTH:
                return lambda row: compare((row["mrr"] - row["mrr_year_before"]) / row["mrr_year_before"], value)
            return lambda row: compare(row[fact], value)
        case Between(fact, low, high):
            return lambda row: low <= row[fact] <= high
        case OneOf(fact, values):
            return lambda row: row[fact] in values
        case Holds(fact, how, values):
            return lambda row: any(value in row[fact] for value in values) != (how is How.NONE)
    raise ValueError(f"The peers cannot be asked for {type(node).__name__}: leave its campaign out of the benchmark.")


def _expression(fact: str) -> str:
    return "((mrr - mrr_year_before) / mrr_year_before)" if fact == GROWTH else fact


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(Decimal(value).normalize())
