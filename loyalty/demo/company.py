"""Who the customers of the demo company are.

Seeded: the same number of accounts and the same anchor day give the same
company, and customer number i is the same whatever the number of accounts.
All days are relative to the anchor, the day of the first build.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil

import numpy as np

from accounts.records.rules import ContactRole, PlanSegment
from loyalty.demo import names, places
from loyalty.demo.contracts import Contract, contract
from loyalty.demo.firsts import QUIET_DAYS, first_days, of_the_last_week
from loyalty.demo.moods import Mood, draw_mood
from loyalty.demo.vocabulary import CUSTOM_REPORT, ONBOARDED

SEED = 20240229
HISTORY_DAYS = 365
GOLDEN, SILVER = 0.6180339887498949, 0.4142135623730951  # low-discrepancy steps: even shares at any size
SEGMENT_LIMITS = ((0.55, PlanSegment.SELF_SERVE), (0.88, PlanSegment.MID_MARKET), (1.0, PlanSegment.ENTERPRISE))
GOALS = (
    "One set of numbers that everybody trusts",
    "Fewer hours spent on monthly reporting",
    "See churn coming a quarter earlier",
    "Self-service answers for product managers",
    "Board reporting without spreadsheets",
    "Show marketing what its spend brings in",
)


@dataclass(frozen=True)
class Person:
    """A contact; `seat` counts from 0 within the account."""

    seat: int
    external_id: str
    name: str
    email: str
    role: ContactRole
    joined_on: date


@dataclass(frozen=True)
class Customer:
    """An account with its contract and people; `fill` is the share of seats that somebody sits on."""

    index: int
    external_id: str
    name: str
    industry: str
    country: str
    time_zone: str
    employee_count: int
    goals: str
    segment: PlanSegment
    mood: Mood
    signed_up_on: date
    contract: Contract
    fill: float
    level: float
    people: tuple[Person, ...]
    firsts: dict[str, date]


def company(accounts: int, anchor: date, done: Callable[[int], None] | None = None) -> tuple[Customer, ...]:
    """The customers in order; `done` hears how many of them are ready."""
    taken: set[str] = set()
    customers = []
    for index in range(accounts):
        customers.append(_customer(index, anchor, taken))
        if done is not None:
            done(index + 1)
    planned = of_the_last_week([_could_report(c, anchor) for c in customers], anchor)
    return tuple(
        replace(c, firsts={**c.firsts, CUSTOM_REPORT: planned[c.index]}) if c.index in planned else c for c in customers
    )


def _could_report(customer: Customer, anchor: date) -> bool:
    """Whether a first custom report in the week before the anchor would be believable."""
    agreed = customer.contract
    return (
        customer.mood in (Mood.STEADY, Mood.GROWING, Mood.POWER)
        and agreed.is_paid
        and (agreed.churned_on is None or agreed.churned_on > anchor + timedelta(days=100))
        and customer.signed_up_on < anchor - timedelta(days=20)
        and customer.firsts.get(ONBOARDED, anchor) < anchor - timedelta(days=QUIET_DAYS)
        and customer.firsts.get(CUSTOM_REPORT, anchor) >= anchor
    )


def _customer(index: int, anchor: date, taken: set[str]) -> Customer:
    rng = np.random.default_rng([SEED, 1, index])
    segment = next(s for limit, s in SEGMENT_LIMITS if (index * GOLDEN + 0.31) % 1 < limit)
    industry = str(rng.choice(list(names.INDUSTRIES), p=np.array(names.INDUSTRY_SHARES) / sum(names.INDUSTRY_SHARES)))
    country, zone = places.RIGHT_TO_LEFT_HOME if index == 7 else places.place(rng)
    name = _unique_name(rng, index, industry, country, taken)
    mood = draw_mood(rng)
    signed_up_on = anchor - timedelta(days=_age(rng, index))
    safe_until = max(signed_up_on + timedelta(days=45), anchor - timedelta(days=HISTORY_DAYS - 1))
    agreed = contract(rng, segment, mood, signed_up_on, safe_until, anchor)
    fill = float(np.clip(rng.beta(6, 2.2), 0.35, 1.0))
    people = _people(rng, index, name, agreed, fill, signed_up_on)
    most = max(term.seats for term in agreed.terms)
    return Customer(
        index=index,
        external_id=f"LF-{10_000 + index * 7}",
        name=name,
        industry=industry,
        country=country,
        time_zone=zone,
        employee_count=max(most + 1, round(most * float(rng.lognormal(1.9, 0.8)))),
        goals=str(rng.choice(GOALS)),
        segment=segment,
        mood=mood,
        signed_up_on=signed_up_on,
        contract=agreed,
        fill=fill,
        level=float(rng.lognormal(0, 0.22)),
        people=people,
        firsts=first_days(rng, signed_up_on, agreed.churned_on, mood, anchor),
    )


def _unique_name(rng: np.random.Generator, index: int, industry: str, country: str, taken: set[str]) -> str:
    name = names.HONEST_NAMES.get(index) or names.company_name(rng, industry, country)
    while name in taken:
        name = names.company_name(rng, industry, country)
    taken.add(name)
    return name


def _age(rng: np.random.Generator, index: int) -> int:
    """Days since sign-up: a tenth are new this quarter, a third new this year, the rest up to four years old."""
    share = (index * SILVER + 0.77) % 1
    if share < 0.10:
        return int(rng.integers(3, 90))
    if share < 0.33:
        return int(rng.integers(90, HISTORY_DAYS))
    return int(HISTORY_DAYS + 1100 * float(rng.random()) ** 1.4)


def _people(
    rng: np.random.Generator, index: int, company_name: str, agreed: Contract, fill: float, signed_up_on: date
) -> tuple[Person, ...]:
    """A champion, an economic buyer from the second seat on, and users, joining as seats are bought."""
    domain = names.domain(company_name, index)
    people: list[Person] = []
    boxes: set[str] = set()
    for term in agreed.terms:
        for seat in range(len(people), seats_filled(term.seats, fill)):
            name = names.person_name(rng)
            box = names.mailbox(name)
            box = f"{box}{seat}" if box in boxes else box
            boxes.add(box)
            wait = 0 if seat < 2 else int(rng.exponential(18))
            people.append(
                Person(
                    seat=seat,
                    external_id=f"lf-{index:05d}-{seat:04d}",
                    name=name,
                    email=f"{box}@{domain}",
                    role=(ContactRole.CHAMPION, ContactRole.ECONOMIC_BUYER, ContactRole.USER)[min(seat, 2)],
                    joined_on=max(signed_up_on, term.starts_on) + timedelta(days=wait),
                )
            )
    return tuple(people)


def seats_filled(seats: int, fill: float) -> int:
    """How many people sit on the seats of a term; at least one does."""
    return max(1, ceil(seats * fill))
