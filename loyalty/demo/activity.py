"""Every event of the product, drawn day by day.

A customer's own calendar day is drawn from a generator of its own, so that any
span of days can be drawn alone and is always the same. Spans are half-open
intervals of instants in UTC: (since, until].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from loyalty.demo import habits
from loyalty.demo.company import HISTORY_DAYS, SEED, Customer
from loyalty.demo.habits import Floats, Ints
from loyalty.demo.vocabulary import CUSTOM_REPORT, INDEX, KINDS, SIGNED_IN

AGAIN_EVERY = 11
AGAIN_AT_MOST = 12
SECONDS = np.array([kind.seconds for kind in KINDS], dtype=float)


@dataclass(frozen=True)
class Events:
    """Events in order of time: positions of account and person, kind, instant (epoch seconds), seconds spent."""

    account: Ints
    person: Ints
    kind: Ints
    at: Ints
    seconds: Ints

    def __len__(self) -> int:
        return len(self.at)

    def where(self, wanted: np.ndarray) -> "Events":
        """Those of the events that a mask or an order picks."""
        return Events(*(column[wanted] for column in self._columns()))

    def _columns(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        return self.account, self.person, self.kind, self.at, self.seconds

    @staticmethod
    def joined(parts: Sequence["Events"]) -> "Events":
        """All of the parts, in order of time; ties keep the order of the parts."""
        columns = zip(*(part._columns() for part in parts), strict=True)
        events = Events(*(np.concatenate(column) for column in columns))
        return events.where(np.argsort(events.at, kind="stable"))


class Activity:
    """The use of the product by a company of customers."""

    def __init__(self, customers: Sequence[Customer], anchor: date) -> None:
        self.customers = customers
        self.anchor = anchor
        self.people = habits.people_of(customers, anchor)
        self.accounts = habits.accounts_of(customers, anchor)
        starts = np.cumsum([0, *(len(c.people) for c in customers)])
        self._champions = starts[:-1]
        self._first_times = self._days_of_firsts()

    @property
    def begins_at(self) -> datetime:
        """Where the daily history begins: midnight UTC, so that the anchor is its last day."""
        return datetime.combine(self.anchor - timedelta(days=HISTORY_DAYS - 1), time(), UTC)

    def before_history(self) -> Events:
        """Milestone events from before the daily history, and some of the reports that followed the first."""
        parts = [self._firsts(day) for day in sorted(self._first_times) if day <= 1 - HISTORY_DAYS]
        events = Events.joined([*parts, _none()])
        return events.where(events.at < self.begins_at.timestamp())

    def span(self, since: datetime, until: datetime) -> Events:
        """All events in (since, until], but nothing from before the history begins."""
        # A zone is at most 14 hours off UTC, so a neighbouring day can reach into the span.
        first = (since.date() - self.anchor).days - 1
        last = (until.date() - self.anchor).days + 1
        parts = [self._day(day) for day in range(first, last + 1)]
        events = Events.joined([*parts, *(self._firsts(day) for day in range(first, last + 1)), _none()])
        begins = self.begins_at.timestamp()
        return events.where((events.at > since.timestamp()) & (events.at <= until.timestamp()) & (events.at >= begins))

    def _day(self, day: int) -> Events:
        rng = np.random.default_rng([SEED, 5, day + 10_000])
        active, chance = self._who_comes(rng, day)
        people = self.people
        mood = np.clip(chance / np.maximum(people.chance[active], 0.05), 0.4, 1.6)
        rates = people.rates[active] * mood[:, None]
        reports = INDEX[CUSTOM_REPORT]
        rates[:, reports] *= self.accounts.first_report[people.account[active]] < day
        counts = rng.poisson(rates)
        counts[:, INDEX[SIGNED_IN]] = 1 + (rng.random(len(active)) < 0.16)
        rows, kinds = counts.nonzero()
        number = counts[rows, kinds]
        rows, kinds = np.repeat(rows, number), np.repeat(kinds, number)
        begins = np.clip(people.hour[active] + rng.normal(0, 0.9, len(active)), 5.5, 20)
        later = rng.exponential(1.7, len(rows)) + 0.01
        later[(kinds == INDEX[SIGNED_IN]) & np.r_[True, (rows[1:] != rows[:-1])]] = 0
        hours = np.minimum(begins[rows] + later, 23.9)
        events = self._events(rng, active[rows], kinds, hours, day)
        # Nobody does one thing twice in a second: the three together name an event.
        names = (events.person * len(KINDS) + events.kind) * 2**33 + events.at
        return events.where(np.sort(np.unique(names, return_index=True)[1]))

    def _who_comes(self, rng: np.random.Generator, day: int) -> tuple[Ints, Floats]:
        """The people who are active on a day, and how likely that was."""
        people, date_ = self.people, habits.calendar_day(self.anchor, day)
        strength = self.accounts.strength(day)[people.account]
        chance = people.chance * strength
        if date_.weekday() > 4:
            chance = chance * people.weekend
        if (date_.month, date_.day) >= (12, 23) or (date_.month, date_.day) <= (1, 2):
            chance = chance * 0.3
        seated = people.seat < habits.seats_on(self.customers, date_)[people.account]
        chance = np.clip(chance, 0, 0.96) * (seated & (people.joined <= day))
        active = np.flatnonzero(rng.random(len(chance)) < chance)
        return active, chance[active]

    def _firsts(self, day: int) -> Events:
        """The milestone events of a day that stand for themselves, done by the champion."""
        wanted = self._first_times.get(day, [])
        if not wanted:
            return _none()
        rng = np.random.default_rng([SEED, 6, day + 10_000])
        people = np.array([self._champions[account] for account, _ in wanted])
        kinds = np.array([INDEX[name] for _, name in wanted])
        return self._events(rng, people, kinds, rng.uniform(9, 16.5, len(wanted)), day)

    def _days_of_firsts(self) -> dict[int, list[tuple[int, str]]]:
        days: dict[int, list[tuple[int, str]]] = {}
        for position, customer in enumerate(self.customers):
            for name, on in customer.firsts.items():
                day = (on - self.anchor).days
                days.setdefault(day, []).append((position, name))
                if name == CUSTOM_REPORT:
                    # Reports of older customers did not begin anew with the history: a count of
                    # two or of ten was reached back then as well.
                    for again in range(day + AGAIN_EVERY, 1 - HISTORY_DAYS, AGAIN_EVERY)[:AGAIN_AT_MOST]:
                        days.setdefault(again, []).append((position, name))
        return days

    def _events(self, rng: np.random.Generator, person: Ints, kind: Ints, hours: Floats, day: int) -> Events:
        account = self.people.account[person]
        midnight = habits.midnights(self.accounts.zones, habits.calendar_day(self.anchor, day))
        spent = SECONDS[kind] * rng.uniform(0.4, 1.6, len(kind))
        at = midnight[account] + (hours * 3600).astype(np.int64)
        return Events(account, person, kind, at, spent.astype(np.int64))


def _none() -> Events:
    empty = np.zeros(0, dtype=np.int64)
    return Events(empty, empty, empty, empty, empty)
