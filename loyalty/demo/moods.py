"""How a customer company takes to the product: what its use, churn and feedback have in common."""

from enum import StrEnum

import numpy as np


class Mood(StrEnum):
    """The long-run habit of a customer; leaving is a matter of the contract."""

    POWER = "power"
    GROWING = "growing"
    STEADY = "steady"
    AT_RISK = "at_risk"
    DORMANT = "dormant"


SHARES: dict[Mood, float] = {
    Mood.POWER: 0.13,
    Mood.GROWING: 0.17,
    Mood.STEADY: 0.52,
    Mood.AT_RISK: 0.11,
    Mood.DORMANT: 0.07,
}
LEVEL: dict[Mood, float] = {
    Mood.POWER: 1.45,
    Mood.GROWING: 1.0,
    Mood.STEADY: 0.9,
    Mood.AT_RISK: 0.8,
    Mood.DORMANT: 0.7,
}
PROMOTER: dict[Mood, float] = {
    Mood.POWER: 9.1,
    Mood.GROWING: 8.7,
    Mood.STEADY: 7.9,
    Mood.AT_RISK: 5.2,
    Mood.DORMANT: 6.0,
}


def draw_mood(rng: np.random.Generator) -> Mood:
    """One mood by its share."""
    return list(SHARES)[int(rng.choice(len(SHARES), p=list(SHARES.values())))]
