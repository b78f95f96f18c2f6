"""What to think twice about before a campaign is saved: a discount where something better to give fits."""

from collections.abc import Mapping
from typing import Any

from accounts.conditions.rules.tree import AnyOf, Compare, Node, Not, OneOf, Sign, parts
from rewards.campaigns.rules.terms import Known, audience_of
from rewards.catalogue.rules import KINDS, Nature, discount_warning
from rewards.fit.queries import CONTRACTS, fitting_kinds

CONTRACT_FACTS = ("plan_segment", "billing_frequency")
BETTER = (Nature.CREDIT, Nature.STATUS)


def discount_caution(values: Mapping[str, Any], known: Known) -> str | None:
    """Why the ladder's first discount needs a reason, or None.

    A discount that comes after a credit or a status reward of the same ladder is
    what one gives last, and needs none.
    """
    for step in values["ladder"]:
        kind = known.rewards.get(step["reward"], "")
        nature = KINDS[kind].nature if kind in KINDS else None
        if nature in BETTER:
            return None
        if nature is Nature.DISCOUNT:
            contracts = contracts_of(audience_of(values["audience"], known.vocabulary))
            return discount_warning(kind, fitting_kinds(contracts))
    return None


def contracts_of(audience: Node) -> list[str]:
    """The classes of contract that an audience asks for; all of them when it asks for none."""
    asked = sorted(_asked(audience))
    return asked or [contract.value for contract in CONTRACTS]


def _asked(node: Node) -> set[str]:
    if isinstance(node, OneOf) and node.fact in CONTRACT_FACTS:
        return set(node.values)
    if isinstance(node, Compare) and node.fact in CONTRACT_FACTS and node.sign is Sign.EQUAL:
        return {str(node.value)}
    if isinstance(node, Not):
        return set()
    found = [_asked(part) for part in parts(node)]
    if isinstance(node, AnyOf) and not all(found):
        return set()  # one of the ways in asks for no contract
    return set().union(*found)
