"""When each customer did the four milestone things for the first time.

The week before the anchor is planned: a fixed handful of customers makes its
first custom report in it, so that the queue of the first morning is neither
empty nor endless. After the anchor, first reports keep coming at a natural rate.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from loyalty.demo.moods import Mood
from loyalty.demo.vocabulary import ACTIVATED, CUSTOM_REPORT, INTEGRATED, ONBOARDED

QUIET_DAYS = 9
EAGER = {Mood.POWER: 0.88, Mood.GROWING: 0.72, Mood.STEADY: 0.55, Mood.AT_RISK: 0.35, Mood.DORMANT: 0.15}

Firsts = dict[str, date]


def first_days(
    rng: np.random.Generator, signed_up_on: date, churned_on: date | None, mood: Mood, anchor: date
) -> Firsts:
    """The first day (the customer's own) of each milestone event; what never happens is left out."""
    draws = rng.random(4)
    waits = rng.integers([2, 1, 4, 12], [21, 26, 90, 150])
    firsts: Firsts = {}
    if draws[0] < 0.87:
        firsts[ONBOARDED] = _workday(signed_up_on + timedelta(days=int(waits[0])))
        if draws[1] < 0.82:
            firsts[ACTIVATED] = _workday(firsts[ONBOARDED] + timedelta(days=int(waits[1])))
        if draws[2] < 0.55:
            firsts[INTEGRATED] = _workday(firsts[ONBOARDED] + timedelta(days=int(waits[2])))
        if draws[3] < EAGER[mood]:
            report = firsts[ONBOARDED] + timedelta(days=int(waits[3]))
            if timedelta(0) <= anchor - report <= timedelta(days=QUIET_DAYS):
                report = anchor + timedelta(days=2 + int(waits[3]) % 20)
            firsts[CUSTOM_REPORT] = _workday(report)
        elif draws[3] < EAGER[mood] + 0.15:
            firsts[CUSTOM_REPORT] = _workday(anchor + timedelta(days=int(rng.integers(2, 200))))
    return {name: day for name, day in firsts.items() if churned_on is None or day < churned_on}


def of_the_last_week(ready: Sequence[bool], anchor: date) -> dict[int, date]:
    """Which of the customers make their first custom report in the week before the anchor, and when.

    `ready` tells of each customer whether they could: paying, in use, no custom report so far.
    """
    wanted = min(max(round(len(ready) * 0.02), 2), 9)
    days = [d for d in (anchor - timedelta(days=back) for back in range(1, 7)) if d.weekday() < 5]
    chosen = [index for index, could in enumerate(ready) if could]
    step = max(len(chosen) // wanted, 1)
    return {index: days[turn % len(days)] for turn, index in enumerate(chosen[::step][:wanted])}


def _workday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day
