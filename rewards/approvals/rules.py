"""Which functions must decide an offer, and in which order."""

from dataclasses import dataclass
from decimal import Decimal

from loyalty.core.money import money
from loyalty.core.people.rules import Function

VALUE = "{value}"
"""Stands for the value in the words of steps that hold for offers of many values, until they are written."""


@dataclass(frozen=True)
class Step:
    """One function that must approve, and the sentence that says why."""

    function: Function
    why: str


@dataclass(frozen=True)
class OfferToApprove:
    """What the rules look at; money in `currency`. `value_in_words`: how the value is said, if not as it is."""

    owner: Function
    campaign_name: str
    discount_equivalent: Decimal
    currency: str
    has_money_value: bool
    is_limited_feature: bool
    exceeded_soft_cap: str = ""
    value_in_words: str = ""


def required_steps(offer: OfferToApprove, *, finance_threshold: Decimal) -> list[Step]:
    """The steps in order: the campaign's owner, then Product, then Finance; each function once.

    Finance decides above its threshold (exactly at it is still within), and when
    a soft cap is exceeded; Product when the reward is a feature of limited supply.
    """
    steps = {offer.owner: Step(offer.owner, f"owns the campaign “{offer.campaign_name}”")}
    if offer.is_limited_feature:
        steps.setdefault(Function.PRODUCT, Step(Function.PRODUCT, "the reward is a feature of limited supply"))
    reasons = []
    if offer.has_money_value and offer.discount_equivalent > finance_threshold:
        value = offer.value_in_words or money(offer.discount_equivalent, offer.currency)
        reasons.append(f"{value} is above the Finance threshold of {money(finance_threshold, offer.currency)}")
    if offer.exceeded_soft_cap:
        reasons.append(f"the soft cap “{offer.exceeded_soft_cap}” would be exceeded")
    if reasons:
        steps.setdefault(Function.FINANCE, Step(Function.FINANCE, " and ".join(reasons)))
    return list(steps.values())
