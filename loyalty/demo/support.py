"""Tickets and NPS answers of the customers, over the history and some years ahead.

Pure; instants in UTC. What lies after the present is not written yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from accounts.records.rules import ContactRole
from loyalty.demo.company import HISTORY_DAYS, SEED, Customer
from loyalty.demo.contracts import YEARS_AHEAD
from loyalty.demo.moods import PROMOTER, Mood

PRIORITIES = ("low", "medium", "high", "urgent")
PRIORITY_SHARES = (0.28, 0.46, 0.20, 0.06)
HOURS_OPEN = (60.0, 36.0, 16.0, 5.0)
TROUBLED = {Mood.AT_RISK: 2.4, Mood.DORMANT: 0.35}
SURVEY_DAYS = (-432, -250, -68, 114, 296, 478, 660, 842, 1024)  # twice a year


@dataclass(frozen=True)
class MadeTicket:
    """A ticket with its whole life; `satisfaction` 1 to 5 comes with the closing."""

    account: int
    external_id: str
    opened_at: datetime
    closed_at: datetime
    priority: str
    satisfaction: Decimal | None


@dataclass(frozen=True)
class Answer:
    """An NPS answer, 0 to 10, by the person on a seat of an account."""

    account: int
    seat: int
    external_id: str
    score: Decimal
    at: datetime


def tickets(customer: Customer, anchor: date) -> Iterator[MadeTicket]:
    """The tickets of one customer in order of time."""
    rng = np.random.default_rng([SEED, 7, customer.index])
    seats = customer.contract.terms[0].seats
    yearly = (2.2 + 0.22 * seats) * TROUBLED.get(customer.mood, 1.0)
    begins = max(customer.signed_up_on, anchor - timedelta(days=HISTORY_DAYS - 1))
    ends = min(customer.contract.churned_on or date.max, anchor + timedelta(days=365 * YEARS_AHEAD))
    happy = 4.4 if customer.mood not in TROUBLED else 3.3
    at = float(rng.exponential(365 / yearly))
    number = 0
    while at < (ends - begins).days:
        number += 1
        opened_at = _instant(begins + timedelta(days=int(at)), float(rng.uniform(7, 20)))
        rank = int(rng.choice(4, p=PRIORITY_SHARES))
        open_for = timedelta(hours=float(np.clip(HOURS_OPEN[rank] * rng.lognormal(0, 0.9), 0.3, 600)))
        score = Decimal(int(np.clip(round(float(rng.normal(happy, 0.9))), 1, 5)))
        yield MadeTicket(
            account=customer.index,
            external_id=f"tck-{customer.index:05d}-{number:04d}",
            opened_at=opened_at,
            closed_at=opened_at + timedelta(seconds=round(open_for.total_seconds())),
            priority=PRIORITIES[rank],
            satisfaction=score if rng.random() < 0.46 else None,
        )
        at += float(rng.exponential(365 / yearly))


def answers(customer: Customer, anchor: date) -> Iterator[Answer]:
    """The NPS answers of one customer: the champion mostly answers, others seldom, at most eight people a survey."""
    for survey, offset in enumerate(SURVEY_DAYS):
        rng = np.random.default_rng([SEED, 8, customer.index, survey])
        on = anchor + timedelta(days=offset + int(rng.integers(0, 18)))
        if on < customer.signed_up_on + timedelta(days=30) or on >= (customer.contract.churned_on or date.max):
            continue
        asked = [person for person in customer.people[:20] if person.joined_on <= on]
        likely = [0.62 if person.role is ContactRole.CHAMPION else 0.24 for person in asked]
        for person in [p for p, chance in zip(asked, likely, strict=True) if rng.random() < chance][:8]:
            score = int(np.clip(round(float(rng.normal(PROMOTER[customer.mood], 1.3))), 0, 10))
            yield Answer(
                account=customer.index,
                seat=person.seat,
                external_id=f"nps-{customer.index:05d}-{person.seat:04d}-{survey}",
                score=Decimal(score),
                at=_instant(on, float(rng.uniform(7, 20))),
            )


def _instant(day: date, hour: float) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(seconds=round(hour * 3600))
