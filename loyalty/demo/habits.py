"""How much each person and each account uses the product, as arrays over the whole company.

Days are numbers relative to the anchor (0), a customer's own calendar day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from accounts.records.rules import ContactRole
from loyalty.demo.company import SEED, Customer, seats_filled
from loyalty.demo.moods import LEVEL, Mood
from loyalty.demo.vocabulary import API_CALL, CUSTOM_REPORT, INDEX, INTEGRATED, KINDS

NEVER = 1_000_000

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class People:
    """One entry a person: their account, seat, chance to be active on a working day, hour and event rates."""

    account: Ints
    seat: Ints
    joined: Ints
    chance: Floats
    weekend: Floats
    hour: Floats
    rates: Floats


@dataclass(frozen=True)
class Accounts:
    """One entry an account: when its use starts, fades and ends, and how strong it is."""

    zones: tuple[str, ...]
    signed_up: Ints
    fades_from: Ints
    fades_over: Ints
    fades_to: Floats
    gone: Ints
    level: Floats
    growth: Floats
    first_report: Ints

    def strength(self, day: int) -> Floats:
        """What the habit of each account is worth on a day: ramp-up, growth, fading, a quiet holiday."""
        age = day - self.signed_up
        ramp = np.clip(0.35 + 0.65 * age / 40, 0, 1)
        fading = np.clip((day - self.fades_from) / self.fades_over, 0, 1)
        faded = 1 - fading * (1 - self.fades_to)
        weather = np.random.default_rng([SEED, 3, day // 7 + 10_000]).normal(1, 0.09, len(age))
        alive = (age >= 0) & (day < self.gone)
        grown = np.clip(1 + self.growth * day / 365, 0.55, 1.6)
        return alive * ramp * faded * grown * self.level * np.clip(weather, 0.6, 1.4)


def people_of(customers: Sequence[Customer], anchor: date) -> People:
    """Draw the habits of everybody, account by account, so that they do not depend on who else there is."""
    parts = []
    for customer in customers:
        rng = np.random.default_rng([SEED, 2, customer.index])
        parts.append(_habits(rng, customer, anchor))
    return People(*(np.concatenate([part[n] for part in parts]) for n in range(7)))


def _habits(rng: np.random.Generator, customer: Customer, anchor: date) -> tuple[NDArray, ...]:
    size = len(customer.people)
    keen = rng.beta(1.4, 2.5, size)
    keen[0] = rng.uniform(0.55, 0.9)
    rates = rng.lognormal(0, 0.45, (size, len(KINDS))) * np.array([kind.rate for kind in KINDS])
    rates *= rng.random((size, len(KINDS))) < np.array([kind.share for kind in KINDS])
    rates[0, INDEX[CUSTOM_REPORT]] = 0.2
    if INTEGRATED in customer.firsts:
        # One person's token makes the calls of an integrated account.
        rates[min(2, size - 1), INDEX[API_CALL]] = KINDS[INDEX[API_CALL]].rate * rng.lognormal(0, 0.5)
    for position, person in enumerate(customer.people):
        if person.role is ContactRole.ECONOMIC_BUYER:
            keen[position] = rng.uniform(0.02, 0.12)
    return (
        np.full(size, customer.index),
        np.array([person.seat for person in customer.people]),
        np.array([(person.joined_on - anchor).days for person in customer.people]),
        keen,
        rng.uniform(0.05, 0.22, size),
        rng.normal(9.8, 1.3, size),
        rates,
    )


def accounts_of(customers: Sequence[Customer], anchor: date) -> Accounts:
    """When the use of each account starts, fades and ends, from its mood and its contract."""
    draws = np.array([np.random.default_rng([SEED, 4, c.index]).random(3) for c in customers])
    mood = [c.mood for c in customers]
    leaves = np.array([_day(c.contract.churned_on, anchor) for c in customers])
    trial_ends = [c.contract.terms[-1].ends_on for c in customers]
    gone = np.array(
        [
            leave if c.contract.is_paid else _day(end, anchor)
            for c, leave, end in zip(customers, leaves, trial_ends, strict=True)
        ]
    )
    risky = np.array([m is Mood.AT_RISK for m in mood])
    asleep = np.array([m is Mood.DORMANT for m in mood])
    own_fade = np.where(risky, -20 - 60 * draws[:, 0], np.where(asleep, -250 + 180 * draws[:, 0], NEVER)).astype(
        np.int64
    )
    before_leaving = np.where(leaves < NEVER, leaves - 80, NEVER)
    leaver = before_leaving < own_fade
    return Accounts(
        zones=tuple(c.time_zone for c in customers),
        signed_up=np.array([(c.signed_up_on - anchor).days for c in customers]),
        fades_from=np.minimum(before_leaving, own_fade),
        fades_over=np.where(leaver, 75, np.where(asleep, 25, 45)),
        fades_to=np.where(leaver, 0.08, np.where(asleep, 0.012, 0.18 + 0.15 * draws[:, 1])),
        gone=gone,
        level=np.array([LEVEL[c.mood] * c.level for c in customers]),
        growth=np.where([m is Mood.GROWING for m in mood], 0.25 + 0.35 * draws[:, 2], 0.06),
        first_report=np.array([_day(c.firsts.get(CUSTOM_REPORT), anchor) for c in customers]),
    )


def seats_on(customers: Sequence[Customer], day: date) -> Ints:
    """How many seats of each account have somebody on them on a day; 0 without a contract."""
    filled = np.zeros(len(customers), dtype=np.int64)
    for position, customer in enumerate(customers):
        for term in customer.contract.terms:
            if term.starts_on <= day and (term.ends_on is None or day < term.ends_on):
                filled[position] = seats_filled(term.seats, customer.fill)
    return filled


def midnights(zones: Sequence[str], day: date) -> Ints:
    """The instant (UTC, seconds since the epoch) at which a calendar day begins in each zone."""
    known = {
        zone: int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) for zone in set(zones)
    }
    return np.array([known[zone] for zone in zones])


def _day(day: date | None, anchor: date) -> int:
    return NEVER if day is None else (day - anchor).days


def calendar_day(anchor: date, number: int) -> date:
    """The date of a day number."""
    return anchor + timedelta(days=number)
