"""Which functions must decide an offer, in which order, whose turn it is, and who may not decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loyalty.core.people.rules import Function
from rewards.approvals.required.rules import ApprovalTerms

VALUE = "{value}"
"""Stands for the value in the words of steps that hold for offers of many values, until they are written."""

# Who spends comes before who pays.
ORDER = (Function.CS, Function.PRODUCT, Function.FINANCE)


@dataclass(frozen=True)
class Step:
    """One function that must approve, the sentence that says why, and its place; equal places go in any order."""

    function: Function
    why: str
    position: int = 1


def required_steps(
    owner: Function,
    campaign_name: str,
    rules: Iterable[ApprovalTerms],
    *,
    value: str,
    currency: str,
    exceeded: str = "",
) -> list[Step]:
    """The steps in order: the campaign's owner, then each function that one of the `rules` calls on, once.

    `rules` are those that the offer meets. A function comes after the others when any of its
    rules says so; the rest may decide at any time. `value` and `exceeded` are the offer's, in words.
    """
    why: dict[Function, list[str]] = {}
    waits: dict[Function, bool] = {}
    for rule in rules:
        why.setdefault(rule.function, []).append(rule.because(value, currency, exceeded))
        waits[rule.function] = waits.get(rule.function, False) or rule.in_sequence
    steps = [Step(owner, f"owns the campaign “{campaign_name}”")]
    asked = [function for function in ORDER if function in why and function is not owner]
    for function in sorted(asked, key=lambda function: waits[function]):
        place = steps[-1].position + 1 if waits[function] else 1
        steps.append(Step(function, " and ".join(dict.fromkeys(why[function])), place))
    return steps


def open_now(waiting: Sequence[tuple[int, str]]) -> list[str]:
    """The functions whose turn it is, of the steps that still wait, each as its position and function."""
    first = min((position for position, _ in waiting), default=0)
    return [function for position, function in waiting if position == first]


@dataclass(frozen=True)
class Relation:
    """What somebody is to an offer: read from the database at the moment of deciding."""

    proposed: bool = False
    revised: bool = False
    decided: bool = False


def independence_refusal(relation: Relation, stood_in_for: str = "") -> str:
    """Why somebody may not decide an offer that is before their function; empty when they may.

    `stood_in_for` names the person whose `relation` it is, when that is not who decides.
    """
    if stood_in_for:
        tied = "proposed this" if relation.proposed else "changed its terms" if relation.revised else ""
        if tied:
            return f"{stood_in_for}, whom you stand in for, {tied}, so neither of you decides it."
        if relation.decided:
            return f"{stood_in_for}, whom you stand in for, decided this offer for another function already."
        return ""
    if relation.proposed:
        return "Nobody decides their own proposal. Ask a colleague of the same function."
    if relation.revised:
        return "You changed the terms of this offer, so somebody else decides it."
    if relation.decided:
        return "You decided this offer for another function; one person decides for one function only."
    return ""
