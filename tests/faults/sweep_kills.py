"""Fault rows 1 and 5 for the evaluation: workers killed during a sweep, and nobody there while marks are made.

The accounts, their facts and the running campaigns are those of the benchmark
`sweep`. The sweep is the night's own step of triggers, in parts; all along every
account is marked again and again, as by facts that move, so that there is work at
every kill.
"""

import random
import signal
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from accounts.records.models import Account
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.jobs.models import Job, Night
from loyalty.core.jobs.nights import PREFIX
from loyalty.core.jobs.rules import LEASE, JobState
from loyalty.core.jobs.verbs import start_job
from loyalty.engines.processes import wait_until
from rewards.campaigns.evaluating import evaluate_all, follow
from rewards.campaigns.models import Campaign, Candidate, EvaluationDue
from rewards.campaigns.rules.statuses import CampaignStatus
from rewards.offers.models import Offer
from tests.benchmarks import stage
from tests.benchmarks.sweep_company import fill, launch, take_back
from tests.faults import plant

RUSHED = {"DOORBELL_SECONDS": "0.5"}
# A worker comes to its accounts, and as far as it may, within so long.
LIVES_SECONDS = 60.0

AMID = """
SELECT (SELECT count(*) FROM rewards_offer) >= %(offers)s
   AND EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND xact_start IS NOT NULL
               AND query LIKE '%%campaign\\_hit%%')
"""
Told = set[tuple[int, int, str, int, str]]


@dataclass
class Killed:
    """What the kills did: how many offers there were at each, and those of both runs."""

    made_before: list[int] = field(default_factory=list)
    undisturbed: Told = field(default_factory=set)
    disturbed: Told = field(default_factory=set)
    rows: int = 0
    candidates: int = 0

    @property
    def lost(self) -> int:
        """Offers of the undisturbed run that are missing."""
        return len(self.undisturbed - self.disturbed)

    @property
    def doubled(self) -> int:
        """Offers that are there twice, or that the undisturbed run did not make."""
        return len(self.disturbed - self.undisturbed) + self.rows - len(self.disturbed)


def kill_sweeps(kills: int, accounts: int, now: datetime, seed: int = 1) -> Killed:
    """Kill the worker's whole group that many times, each time at work, then let one finish."""
    chance, found = random.Random(seed), Killed()
    launch(now)
    fill(0, accounts, now.date(), now)
    evaluate_all(now=now)
    found.undisturbed = _offers()[0]
    take_back(now)
    # The other steps of this night are done: its facts are those that were filled in.
    Night.objects.create(day=now.date(), first_day=now.date(), finished_at=now)
    day = now.date().isoformat()
    job = start_job(PREFIX + "triggers", "Triggers", {"first_day": day, "day": day}, acting_user=None)
    # One is killed each time so many of the offers are there, and accounts are held.
    marks = sorted(chance.choices(range(len(found.undisturbed)), k=kills))
    with plant.beat(**RUSHED):
        for mark in marks:
            mark_all(now)
            found.made_before.append(_kill_after(mark))
        with plant.worker(**RUSHED):
            seconds = 3 * LEASE.total_seconds()
            assert wait_until(lambda: not EvaluationDue.objects.exists() and _is_done(job.pk), seconds, every=0.2)
    found.disturbed, found.rows = _offers()
    found.candidates = Candidate.objects.filter(at__gte=now).count()
    return found


def hold_while_nobody_listens(seconds: float, now: datetime) -> tuple[int, int]:
    """Mark everybody over and over without a worker; returns the most messages that the broker held, and the marks."""
    most, ends = 0, time.monotonic() + seconds
    with plant.beat(DOORBELL_SECONDS="0.05"):
        while time.monotonic() < ends:
            mark_all(now)
            most = max(most, plant.messages_held())
    return most, EvaluationDue.objects.count()


def stand_down() -> None:
    """Let the campaigns of the sweep rest, and nobody be marked: what follows is looked at by itself."""
    Campaign.objects.filter(status=CampaignStatus.LIVE.value).update(status=CampaignStatus.PAUSED.value)
    EvaluationDue.objects.all().delete()


def mark_all(now: datetime) -> None:
    """Mark every account, as facts that moved do, and ring."""
    follow(dict.fromkeys(Account.objects.values_list("pk", flat=True), now.date() - timedelta(days=1)), now.date())
    ring_on_commit()


def _kill_after(offers: int) -> int:
    """Kill a worker while it holds accounts, once there are so many offers; returns how many there are then."""
    with plant.worker(**RUSHED) as running, stage.owner() as watching:

        def is_amid() -> bool:
            row = watching.execute(AMID, {"offers": offers}).fetchone()
            return bool(row and row[0])

        assert wait_until(is_amid, LIVES_SECONDS, every=0.002)
        running.end(signal.SIGKILL)
    return Offer.objects.count()


def _is_done(job_id: int) -> bool:
    return Job.objects.filter(pk=job_id, state=JobState.DONE.value).exists()


def _offers() -> tuple[Told, int]:
    """The offers by business key with their terms, and how many rows there are."""
    rows = Offer.objects.values_list("campaign", "account", "cause_key", "step", "digest")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rewards_offer")
        return set(rows), int(cursor.fetchone()[0])
