"""Whether the programme can be afforded: each guardrail with its verdict in words, and what makes it known.

Verdicts are the names of statuses: met, not_met, unknown. Pure; money in the reporting currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from loyalty.core.figures import number_text, percent_text
from loyalty.core.money import money
from rewards.affordability.rules.assumptions import Assumptions
from rewards.affordability.rules.economics import CAPPED_MONTHS, MONTHS, Group, TierRate
from rewards.affordability.rules.first_reward import Waiting

MET, NOT_MET, UNKNOWN = "met", "not_met", "unknown"


@dataclass(frozen=True)
class Guardrail:
    """One question of Finance, and the answer; `next_step` says how an unknown one becomes known."""

    title: str
    status: str
    words: str
    next_step: str = ""


def ratio_text(ratio: Decimal) -> str:
    """LTV:CAC for people, never rounded up to a limit that it does not reach: 2.999 is 2.99:1."""
    return f"{number_text(ratio.quantize(Decimal('0.01'), rounding=ROUND_DOWN))}:1"


def worst(statuses: Sequence[str]) -> str:
    """The verdict of many: one that is not met decides, then one that is unknown; unknown of none."""
    for status in (NOT_MET, UNKNOWN):
        if status in statuses:
            return status
    return MET if statuses else UNKNOWN


def ltv_to_cac_guard(groups: Sequence[Group], assumed: Assumptions) -> Guardrail:
    """Whether LTV:CAC stays above the minimum, which is not above it, in every plan segment in which somebody pays."""
    least, told, statuses, missing = assumed.least_ltv_to_cac, [], [], []
    for group in (group for group in groups if group.accounts):
        after = group.after
        if after.ltv_to_cac is not None:
            told.append(f"{group.label} {ratio_text(after.ltv_to_cac)}")
            statuses.append(MET if after.ltv_to_cac > least else NOT_MET)
        elif after.is_endless and after.capped_ltv_to_cac is not None:
            capped = ratio_text(after.capped_ltv_to_cac)
            told.append(f"{group.label} not defined ({capped} by the {CAPPED_MONTHS}-month cap)")
            statuses.append(UNKNOWN)
        else:
            told.append(f"{group.label} unknown")
            statuses.append(UNKNOWN)
            missing.append(f"{', '.join(group.missing)} of {group.label}")
    words = f"After rewards: {', '.join(told)}. The minimum is {ratio_text(least)}." if told else "Nobody pays yet."
    step = f"Set {'; '.join(missing)}." if missing else ""
    return Guardrail(f"LTV:CAC stays above {ratio_text(least)}", worst(statuses), words, step)


def gain_guard(whole: Group, assumed: Assumptions, currency: str) -> Guardrail:
    """Whether the margin on the MRR that is expected to be kept or won over a year exceeds the cost of rewards."""
    title = "What it keeps and wins exceeds what it costs"
    cost = money(whole.cost, currency)
    if assumed.lift is None or whole.gross_margin is None:
        wanting = "the expected lift" if assumed.lift is None else "the gross margin of every plan segment"
        return Guardrail(title, UNKNOWN, f"Rewards cost {cost} in the last 12 months.", f"Set {wanting}.")
    gain = whole.mrr * MONTHS * assumed.lift * whole.gross_margin
    words = (
        f"A lift of {percent_text(assumed.lift, 2)} on {money(whole.mrr * MONTHS, currency)} of ARR leaves"
        f" {money(gain, currency)} of margin a year; rewards cost {cost}."
    )
    return Guardrail(title, MET if gain > whole.cost else NOT_MET, words)


def discount_guard(rates: Sequence[TierRate]) -> Guardrail:
    """Whether what each tier was given over twelve months is within its limit."""
    title = "The average discount rate of each tier is within its limit"
    told = []
    for rate in rates:
        limit = "no limit is set" if rate.limit is None else f"limit {percent_text(rate.limit, 2)}"
        found = "nothing, nobody pays" if rate.rate is None else percent_text(rate.rate, 2)
        told.append(f"{rate.name} {found} ({limit})")
    unlimited = [rate.name for rate in rates if rate.limit is None]
    step = f"Set the limit of {', '.join(unlimited)}." if unlimited else ""
    words = f"Of the ARR of each tier: {', '.join(told)}." if told else "Nobody who pays holds a tier."
    # A tier in which nobody pays has no rate, and none that could be above its limit.
    statuses = [rate.status for rate in rates if rate.arr]
    return Guardrail(title, worst(statuses), words, step)


def first_reward_guard(waiting: Waiting, assumed: Assumptions) -> Guardrail:
    """Whether a typical account earns its first reward in time, at its own yearly spend."""
    limit = assumed.first_reward_months
    title = f"A typical account earns its first reward within {_months(limit)}"
    status = waiting.status(limit)
    if not waiting.served:
        return Guardrail(title, status, "Nobody who pays has had a reward yet.")
    so_far = f"{waiting.served:,} of {waiting.accounts:,} accounts that pay have had one"
    if waiting.median is not None:
        return Guardrail(title, status, f"Half of them had it within {_months(waiting.median)}; {so_far}.")
    followed = f"after {_months(waiting.followed)} of the programme" if waiting.followed else "in the first month"
    words = f"{so_far} {followed}; half of them is not reached."
    return Guardrail(title, status, words, "It is known once half of them have had one." if status == UNKNOWN else "")


def _months(months: int) -> str:
    return "1 month" if months == 1 else f"{months} months"
