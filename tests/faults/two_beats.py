"""Fault row 6: two beats, and one of them killed across the minute of the night; each day has its night once.

The beats' own scheduler ticks through told time, on the real broker; whatever it
rings for is run.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import time_machine
from celery import current_app
from kombu.utils.json import loads
from redis import Redis

from loyalty import pipeline
from loyalty.core.doorbell import pending
from loyalty.core.doorbell.schedule import RingingScheduler
from loyalty.core.jobs.models import Job, Night, NightStep

QUEUE = "celery"
TASKS = {task.name: task for task in (pipeline.react, pipeline.jobs, pipeline.sweep, pipeline.beat_heart)}
STEP = timedelta(seconds=5)
AROUND = timedelta(seconds=30)


@dataclass
class Beaten:
    """What the days had: nights by day, steps and jobs by night, and how often each task was rung for."""

    nights: Counter[str] = field(default_factory=Counter)
    unfinished: int = 0
    steps: set[int] = field(default_factory=set)
    jobs: int = 0
    rings: Counter[str] = field(default_factory=Counter)


def beat_twice(days: int, broker: Redis, folder: Path) -> Beaten:
    """Let two beats tick around the minute of the night for so many days; the first dies in that very minute."""
    found = Beaten()
    first = (datetime.now(UTC) + timedelta(days=1)).date()
    with patch.object(pending, "RINGING_MILLISECONDS", 1), _beats(folder) as beats:
        for number in range(days):
            turns = datetime.combine(first + timedelta(days=number), pipeline.NIGHT_BEGINS, UTC)
            with time_machine.travel(turns - AROUND, tick=False) as clock:
                while datetime.now(UTC) < turns + 2 * AROUND:
                    if datetime.now(UTC) == turns:
                        # Without a word: what it did since it last wrote its file down is forgotten.
                        beats[0] = _beat(folder / f"again-{number}")
                    for beat in beats:
                        while beat.tick() == 0:
                            pass
                    found.rings.update(_run_all(broker))
                    clock.shift(STEP)
    nights = list(Night.objects.filter(day__gte=first))
    found.nights.update(night.day.isoformat() for night in nights)
    found.unfinished = sum(night.finished_at is None for night in nights)
    found.steps = {NightStep.objects.filter(night=night).count() for night in nights}
    found.jobs = Job.objects.filter(night_step__night__in=nights).count()
    return found


@contextmanager
def _beats(folder: Path) -> Iterator[list[RingingScheduler]]:
    beats = [_beat(folder / name) for name in ("one", "other")]
    try:
        yield beats
    finally:
        for beat in beats:
            beat.close()


def _beat(path: Path) -> RingingScheduler:
    return RingingScheduler(app=current_app._get_current_object(), schedule_filename=str(path), producer=None)


def _run_all(broker: Redis) -> list[str]:
    """Be the worker: run whatever the broker holds; the names of the tasks."""
    ran = []
    while message := broker.rpop(QUEUE):
        name = loads(message)["headers"]["task"]
        if name in TASKS:
            TASKS[name].run()
            ran.append(name)
    return ran
