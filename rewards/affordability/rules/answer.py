"""The whole answer to “can we afford this programme?”, and what another set of assumptions makes of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from loyalty.core.figures import number_text
from loyalty.core.money import money
from rewards.affordability.rules import guardrails
from rewards.affordability.rules.assumptions import Assumptions
from rewards.affordability.rules.economics import (
    CAPPED_MONTHS,
    Cell,
    Group,
    Side,
    TierRate,
    groups_of,
    in_all,
    tier_rates,
)
from rewards.affordability.rules.first_reward import Waiting
from rewards.affordability.rules.guardrails import Guardrail, ratio_text, worst

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """Each plan segment, all of them as one, the tiers, and the guardrails in their fixed order."""

    groups: list[Group]
    whole: Group
    rates: list[TierRate]
    guardrails: list[Guardrail]

    @property
    def status(self) -> str:
        """The verdict on the programme: met, not_met or unknown."""
        return worst([guardrail.status for guardrail in self.guardrails])


def answer(
    cells: Sequence[Cell], assumed: Assumptions, tiers: Mapping[str, str], waiting: Waiting, currency: str
) -> Answer:
    """What follows from the facts and the assumptions; `tiers` are names by key."""
    groups, rates = groups_of(cells, assumed), tier_rates(cells, assumed, tiers)
    whole = in_all(groups)
    return Answer(
        groups,
        whole,
        rates,
        [
            guardrails.ltv_to_cac_guard(groups, assumed),
            guardrails.gain_guard(whole, assumed, currency),
            guardrails.discount_guard(rates),
            guardrails.first_reward_guard(waiting, assumed),
        ],
    )


def ltv_text(side: Side, currency: str) -> str:
    """LTV for people; the labelled cap where it is not defined."""
    if side.is_endless and side.capped_ltv is not None:
        return f"not defined; {CAPPED_MONTHS}-month cap {money(side.capped_ltv, currency)}"
    return UNKNOWN if side.ltv is None else money(side.ltv, currency)


def ltv_to_cac_text(side: Side) -> str:
    """LTV:CAC for people; by the labelled cap where LTV is not defined."""
    if side.is_endless and side.capped_ltv_to_cac is not None:
        return f"not defined; {CAPPED_MONTHS}-month cap {ratio_text(side.capped_ltv_to_cac)}"
    return UNKNOWN if side.ltv_to_cac is None else ratio_text(side.ltv_to_cac)


def payback_text(side: Side) -> str:
    """CAC payback for people, to a tenth of a month."""
    if side.never_pays_back:
        return "never"
    if side.payback is None:
        return UNKNOWN
    return f"{number_text(side.payback.quantize(Decimal('0.1'), rounding=ROUND_HALF_UP))} months"


def differences(now: Answer, then: Answer, currency: str) -> list[str]:
    """What another set of assumptions makes of the same facts, in sentences; one alone when it makes nothing."""
    told = [
        sentence
        for before, after in zip([*now.groups, now.whole], [*then.groups, then.whole], strict=True)
        if after.accounts and (sentence := _moved(before, after, currency))
    ]
    for before, after in zip(now.guardrails, then.guardrails, strict=True):
        if before.status != after.status:
            told.append(f"“{after.title}”: {_word(before.status)} → {_word(after.status)}. {after.words}")
    return told or ["LTV, LTV:CAC, CAC payback and the guardrails stay as they are."]


def _moved(before: Group, after: Group, currency: str) -> str:
    pairs = (
        ("LTV", ltv_text(before.after, currency), ltv_text(after.after, currency)),
        ("LTV:CAC", ltv_to_cac_text(before.after), ltv_to_cac_text(after.after)),
        ("CAC payback", payback_text(before.after), payback_text(after.after)),
    )
    moved = [f"{name} {one} → {other}" for name, one, other in pairs if one != other]
    return f"{after.label}, after rewards: {'; '.join(moved)}." if moved else ""


def _word(status: str) -> str:
    return status.replace("_", " ")
