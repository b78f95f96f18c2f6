"""The life of one customer's contract: trial, terms, expansions, downgrades, churn.

Every renewal and every change of seats or price is a term of its own, so that
facts as of a past day see the renewal date that was known then. Pure: dates
and a random generator in, terms out. Money in US dollars per month.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from dateutil.relativedelta import relativedelta

from accounts.records.rules import BillingFrequency, PlanSegment
from loyalty.core.money import cents
from loyalty.demo.moods import Mood
from loyalty.demo.vocabulary import PRODUCT

YEARS_AHEAD = 3


@dataclass(frozen=True)
class Term:
    """[starts_on, ends_on) at unchanged terms; `renews_on` is the end of the contract it belongs to."""

    plan: str
    billing_frequency: str
    seats: int
    mrr: Decimal
    is_trial: bool
    starts_on: date
    ends_on: date | None
    renews_on: date | None


@dataclass(frozen=True)
class Contract:
    """All terms of one customer in order, and the day they left, if they do."""

    terms: tuple[Term, ...]
    churned_on: date | None

    @property
    def is_paid(self) -> bool:
        return any(not term.is_trial for term in self.terms)


@dataclass(frozen=True)
class Shape:
    """How contracts of a plan segment usually look; seats are lognormal, churn is a yearly rate."""

    plan: str
    seats: float
    spread: float
    most_seats: int
    price: int
    churn: float
    expansions: float
    frequencies: tuple[float, float, float]
    trial_days: int
    trial_share: float


SHAPES: dict[PlanSegment, Shape] = {
    PlanSegment.SELF_SERVE: Shape("Team", 4, 0.60, 25, 42, 0.13, 0.35, (0.70, 0.30, 0.0), 14, 0.75),
    PlanSegment.MID_MARKET: Shape("Business", 13, 0.50, 70, 58, 0.085, 0.50, (0.20, 0.66, 0.14), 14, 0.55),
    PlanSegment.ENTERPRISE: Shape("Enterprise", 46, 0.55, 280, 74, 0.055, 0.60, (0.0, 0.56, 0.44), 30, 0.40),
}
FREQUENCIES = (BillingFrequency.MONTHLY, BillingFrequency.ANNUAL, BillingFrequency.MULTI_YEAR)
MONTHS = {BillingFrequency.MONTHLY: 1, BillingFrequency.ANNUAL: 12, BillingFrequency.MULTI_YEAR: 36}
PRICE_LEVEL = {BillingFrequency.MONTHLY: 1.0, BillingFrequency.ANNUAL: 0.88, BillingFrequency.MULTI_YEAR: 0.80}
CHURN_LEVEL = {
    Mood.POWER: 0.25,
    Mood.GROWING: 0.35,
    Mood.STEADY: 1.0,
    Mood.AT_RISK: 2.2,
    Mood.DORMANT: 2.6,
}
UPWARD = {Mood.POWER: 0.95, Mood.GROWING: 0.98, Mood.STEADY: 0.78, Mood.AT_RISK: 0.25, Mood.DORMANT: 0.15}


def contract(
    rng: np.random.Generator, segment: PlanSegment, mood: Mood, signed_up_on: date, safe_until: date, today: date
) -> Contract:
    """A contract from sign-up to three years after `today`; nobody leaves before `safe_until`."""
    shape = SHAPES[segment]
    horizon = today + timedelta(days=365 * YEARS_AHEAD)
    seats = int(np.clip(round(float(rng.lognormal(np.log(shape.seats), shape.spread))), 1, shape.most_seats))
    price = shape.price * float(rng.lognormal(0, 0.12))
    frequency = FREQUENCIES[int(rng.choice(3, p=shape.frequencies))]
    terms: list[Term] = []
    paid_from = signed_up_on
    if rng.random() < shape.trial_share:
        paid_from = signed_up_on + timedelta(days=shape.trial_days)
        terms.append(Term(f"{PRODUCT} trial", "", seats, Decimal("0.00"), True, signed_up_on, paid_from, None))
        if rng.random() < 0.15 and (today - paid_from).days < 100:
            return Contract(tuple(terms), None)
    churned_on = _churn(rng, shape.churn * CHURN_LEVEL[mood], frequency, paid_from, safe_until, horizon)
    moments = _changes(rng, shape.expansions, paid_from, churned_on or horizon)
    terms += _paid_terms(rng, shape, mood, frequency, seats, price, paid_from, churned_on, horizon, moments)
    return Contract(tuple(terms), churned_on)


def _churn(
    rng: np.random.Generator, rate: float, frequency: BillingFrequency, paid_from: date, safe_until: date, horizon: date
) -> date | None:
    """Monthly customers leave at any month's end, others at the end of a contract only."""
    months = MONTHS[frequency]
    chance = 1 - float(np.exp(-rate * months / 12))
    for number in range(1, 100):
        end = paid_from + relativedelta(months=months * number)
        if end >= horizon:
            return None
        if end > safe_until and rng.random() < chance:
            return end
    return None


def _changes(rng: np.random.Generator, rate: float, paid_from: date, until: date) -> list[date]:
    days = max((until - paid_from).days, 0)
    number = int(rng.poisson(rate * days / 365))
    offsets = sorted({int(x) for x in rng.integers(25, max(days, 26), number)})
    return [paid_from + timedelta(days=offset) for offset in offsets if offset < days]


def _paid_terms(
    rng: np.random.Generator,
    shape: Shape,
    mood: Mood,
    frequency: BillingFrequency,
    seats: int,
    price: float,
    paid_from: date,
    churned_on: date | None,
    horizon: date,
    changes: list[date],
) -> list[Term]:
    """Cut the paid life at every renewal and change, and carry seats and price along."""
    renewals = [] if frequency is BillingFrequency.MONTHLY else _contract_ends(paid_from, MONTHS[frequency], horizon)
    last = churned_on or horizon
    cuts = sorted({paid_from, *(d for d in [*renewals, *changes] if d < last)})
    terms: list[Term] = []
    for position, start in enumerate(cuts):
        if start in changes:
            seats = _resized(rng, seats, rng.random() < UPWARD[mood], shape.most_seats)
        elif start in renewals:
            price *= 1.04
        end = cuts[position + 1] if position + 1 < len(cuts) else churned_on
        renews_on = next((d for d in renewals if d > start), None)
        mrr = cents(str(round(seats * round(price * PRICE_LEVEL[frequency], 2), 2)))
        terms.append(Term(f"{PRODUCT} {shape.plan}", frequency.value, seats, mrr, False, start, end, renews_on))
    return terms


def _contract_ends(paid_from: date, months: int, horizon: date) -> list[date]:
    """The day on which each contract ends, up to the first one after the horizon."""
    ends = [paid_from + relativedelta(months=months)]
    while ends[-1] < horizon:
        ends.append(paid_from + relativedelta(months=months * (len(ends) + 1)))
    return ends


def _resized(rng: np.random.Generator, seats: int, up: bool, most: int) -> int:
    if up:
        return min(max(seats + 1, round(seats * float(rng.uniform(1.08, 1.45)))), most)
    return max(1, min(seats - 1, round(seats * float(rng.uniform(0.6, 0.9)))))
